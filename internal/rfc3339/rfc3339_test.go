package rfc3339

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"2026-03-01T12:00:00Z": true, "2026-03-01T12:00:00.123456789+01:00": true, "0000-01-01T00:00:00Z": true, "9999-12-31T23:59:59-23:59": true, "2024-02-29T00:00:00Z": true,
		"": false, "2026-03-01": false, "2026-03-01T12:00:00": false, "2026-03-01T1:00:00Z": false, "2026-03-01T12:00:00,5Z": false, "2026-02-29T00:00:00Z": false,
		"2026-03-01 12:00:00Z": false, "2026-03-01T12:00:00+24:00": false, "2026-03-01T12:60:00Z": false, "2026-03-01T12:00:00+01:60": false, "2026-03-01t12:00:00z": false, "10000-01-01T00:00:00Z": false,
		"2026-03-01T12:00:00Zx": false, "2026-03-01T12:00:60Z": false, "日日日日日日日": false,
	} {
		got, err := Parse(text)
		assert.Equal(t, ok, err == nil, "%q", text)
		if ok {
			again, err := Parse(got.Format(time.RFC3339Nano))
			assert.NoError(t, err)
			assert.True(t, again.Equal(got))
		}
	}
}
