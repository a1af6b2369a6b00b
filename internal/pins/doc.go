// Package pins holds the tests that keep dependencies in order: the modules at the versions that
// were tried together, and the imports between our packages going one way. It has no code of its own.
package pins
