package cbad

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shows is what a stream of three metrics shares after so many windows.
func shows(t *testing.T, windows uint64, metrics ...uint64) []byte {
	t.Helper()
	s, err := New(Metrics, DefaultParams())
	require.NoError(t, err)
	defer s.Free()
	var v Verdict
	for w := range windows {
		var b Batch
		b.Reset()
		for i, metric := range metrics {
			b.AppendPoint(Measurement{TimeNs: w*60*second + 1, Family: uint64(i) + 2, Kin: uint64(i) + 2, Metric: metric, Value: float64(w * 7 % 11)})
		}
		require.NoError(t, s.Observe(&b))
		require.NoError(t, s.Close(Window{StartNs: w * 60 * second, EndNs: (w + 1) * 60 * second}, &v))
	}
	shared, err := s.Share()
	require.NoError(t, err)
	return shared
}

func TestPoolGrowsAndForgets(t *testing.T) {
	first, second := shows(t, 30, 5, 6, 7), shows(t, 30, 6)
	require.NotEmpty(t, first)
	entry := len(second)
	assert.Len(t, first, 3*entry)

	pool, leftOut, err := Pool(nil).Add([][]byte{first, second}, 10)
	require.NoError(t, err)
	assert.Zero(t, leftOut)
	assert.Len(t, pool, 3*entry)

	before := append(Pool{}, pool...)
	again, leftOut, err := pool.Add([][]byte{second}, 1)
	require.NoError(t, err)
	assert.Equal(t, 2, leftOut)
	assert.Equal(t, second[:8], []byte(again[:8]), "the metric to which something was added stays")
	assert.Equal(t, before, pool, "a pool is never changed")

	s, err := New(Metrics, DefaultParams())
	require.NoError(t, err)
	defer s.Free()
	require.NoError(t, s.Lend(pool))
	require.NoError(t, s.Lend(nil))
}

func TestWhatIsNoPoolIsRefused(t *testing.T) {
	pool, _, err := Pool(nil).Add([][]byte{shows(t, 3, 5, 6)}, 10)
	require.NoError(t, err)
	_, _, err = pool.Add([][]byte{{1, 2, 3}}, 10)
	assert.ErrorIs(t, err, StatusInvalid)
	_, _, err = pool[1:].Add(nil, 10)
	assert.ErrorIs(t, err, StatusInvalid)
	s, err := New(Metrics, DefaultParams())
	require.NoError(t, err)
	assert.ErrorIs(t, s.Lend(pool[:5]), StatusInvalid)
	require.NoError(t, s.Lend(pool), "a refusal does no harm")
	s.Free()
	assert.ErrorIs(t, s.Lend(pool), StatusBadHandle)
	_, err = s.Share()
	assert.ErrorIs(t, err, StatusBadHandle)
}
