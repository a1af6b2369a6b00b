// Package pins holds the tests that keep this module's dependencies where they
// were tried together. It has no code of its own.
package pins
