package limit

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBurstAndRefill(t *testing.T) {
	now := time.Unix(1000, 0)
	table := NewTable(Rate{PerSecond: 2, Burst: 3}, 10, func() time.Time { return now })
	for left := 2; left >= 0; left-- {
		s := table.Take("a")
		require.True(t, s.Allowed)
		require.Equal(t, left, s.Remaining)
		require.Equal(t, 3, s.Limit)
	}
	s := table.Take("a")
	require.False(t, s.Allowed)
	require.Equal(t, 500*time.Millisecond, s.Retry)
	require.Equal(t, 1500*time.Millisecond, s.Reset)
	require.True(t, table.Take("b").Allowed, "each client has a bucket of its own")
	now = now.Add(500 * time.Millisecond)
	require.True(t, table.Peek("a").Allowed)
	require.True(t, table.Take("a").Allowed, "looking took nothing")
	require.False(t, table.Take("a").Allowed)
	now = now.Add(time.Hour)
	require.Equal(t, 3, table.Peek("a").Remaining, "never more than the burst")
}

func TestTableIsBounded(t *testing.T) {
	table := NewTable(Rate{PerSecond: 1e-6, Burst: 1}, 100, nil)
	table.Take("kept")
	for i := range 1000 {
		table.Take(fmt.Sprint(i))
		require.False(t, table.Take("kept").Allowed, "who comes often is not forgotten")
	}
	held, evicted := table.Size()
	require.Equal(t, 100, held)
	require.EqualValues(t, 901, evicted)
}

func TestConcurrentTakers(t *testing.T) {
	table := NewTable(Rate{PerSecond: 1e-6, Burst: 50}, 10, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	allowed := 0
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if table.Take("a").Allowed {
					mu.Lock()
					allowed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 50, allowed)
}

func TestAddresses(t *testing.T) {
	trusted := Addresses{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, c := range []struct {
		remote, forwarded, want string
	}{
		{"192.0.2.1:5000", "", "192.0.2.1"},
		{"192.0.2.1:5000", "198.51.100.9", "192.0.2.1"},                      // not a proxy of ours
		{"10.0.0.1:5000", "198.51.100.9", "198.51.100.9"},                    // one is
		{"10.0.0.1:5000", "1.1.1.1, 198.51.100.9, 10.0.0.2", "198.51.100.9"}, // two in a row; what the client wrote is not believed
		{"10.0.0.1:5000", "198.51.100.9, nonsense", "10.0.0.1"},
		{"10.0.0.1:5000", "", "10.0.0.1"},
		{"[::ffff:192.0.2.1]:5000", "", "192.0.2.1"},
		{"[fd00::1%eth0]:5000", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
		{"@", "", ""},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		got := trusted.Of(r)
		if c.want == "" {
			require.False(t, got.IsValid())
			continue
		}
		require.Equal(t, c.want, got.String(), "%+v", c)
	}
	require.Equal(t, "192.0.2.1", Client(netip.MustParseAddr("192.0.2.1")))
	require.Equal(t, "2001:db8:1:2::/64", Client(netip.MustParseAddr("2001:db8:1:2:3:4:5:6")))
	require.Equal(t, "local", Client(netip.Addr{}))
}

func FuzzAddresses(f *testing.F) {
	f.Add("10.0.0.1:1", "1.1.1.1, 2.2.2.2")
	f.Fuzz(func(_ *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		Client(Addresses{Trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}.Of(r))
	})
}

func BenchmarkTake(b *testing.B) {
	table := NewTable(Rate{PerSecond: 1e9, Burst: 1e9}, 1000, nil)
	b.ReportAllocs()
	for b.Loop() {
		table.Take("a")
	}
}
