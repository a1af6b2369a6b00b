// Package snapshot keeps sets of named records in a key-value storage, so that after a crash at any moment the last complete
// set is there and nothing of a half-written one is taken for it.
// It does not know what the records mean, and it does not decide when to write.
package snapshot
