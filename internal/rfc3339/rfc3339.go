// Package rfc3339 reads times as RFC 3339 writes them, where time.Parse takes more. It does not format any.
package rfc3339

import (
	"errors"
	"time"
)

// Parse reads a time. Go alone would also take hours of one digit, a comma before the fraction, and offsets of 24 hours and 60 minutes.
func Parse(s string) (time.Time, error) {
	const upToSeconds = len("2006-01-02T15:04:05")
	if len(s) <= upToSeconds || s[13] != ':' || s[upToSeconds] == ',' {
		return time.Time{}, errors.New("is no time of RFC 3339")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err == nil && s[len(s)-1] != 'Z' && (s[len(s)-5:len(s)-3] > "23" || s[len(s)-2:] > "59") {
		return time.Time{}, errors.New("has an offset of a day or more")
	}
	return t, err
}
