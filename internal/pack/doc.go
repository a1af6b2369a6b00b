// Package pack writes Go values as bytes and reads them back strictly: one value has one encoding, bytes that no value has
// are refused, and what is read needs memory in proportion to the bytes. It does not describe what it writes (Layout does,
// for whoever wants to compare) and knows no versions.
package pack
