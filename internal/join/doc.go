// Package join finds each span's parent, caller and exclusive time in one bounded table of recent spans.
// It does not window, score or keep spans' text.
package join
