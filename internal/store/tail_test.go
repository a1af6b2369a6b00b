package store

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarks(t *testing.T) {
	for _, m := range []Mark{{}, {Seq: 1}, {Tx: 1, Seq: 300}, {Tx: math.MaxInt64, Seq: math.MaxInt64}} {
		got, err := ParseMark(m.String())
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
	for _, text := range []string{"", "AA", "1", "AQ", "AQAA!", "AQAAAA", "AgAA", "Af__________8BAA"} {
		_, err := ParseMark(text)
		require.ErrorIs(t, err, ErrMark, text)
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add(Mark{Tx: 7, Seq: 9}.String())
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := ParseMark(text); err == nil {
			again, err := ParseMark(m.String())
			require.NoError(t, err)
			require.Equal(t, m, again)
		}
	})
}
