// Package driftlockevents puts events posted to the API into a metrics pipeline.
// It does not listen on a port; the driftlockapi extension does.
package driftlockevents
