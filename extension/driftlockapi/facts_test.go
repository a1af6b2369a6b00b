package driftlockapi

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARequestsTimeIsOverWhetherSomebodyWaitsOrNot(t *testing.T) {
	bound := func(parent context.Context, d time.Duration) *facts {
		f := &facts{Context: parent}
		f.bound(d)
		return f
	}
	unbound := &facts{Context: t.Context()}
	_, ok := unbound.Deadline()
	assert.False(t, ok)
	require.NoError(t, unbound.Err())

	f := bound(t.Context(), time.Millisecond)
	at, ok := f.Deadline()
	assert.True(t, ok && time.Until(at) < time.Second)
	<-f.Done()
	require.ErrorIs(t, f.Err(), context.DeadlineExceeded)
	f.end()
	require.ErrorIs(t, f.Err(), context.DeadlineExceeded)

	f = bound(t.Context(), time.Hour)
	child, cancel := context.WithCancel(f)
	defer cancel()
	require.NoError(t, child.Err())
	f.end()
	<-child.Done()
	require.ErrorIs(t, f.Err(), context.Canceled, "the answer was given")

	f = bound(t.Context(), time.Hour)
	f.end()
	<-f.Done()
	require.ErrorIs(t, f.Err(), context.Canceled, "nobody waited before")

	gone, leave := context.WithTimeout(t.Context(), time.Minute)
	f = bound(gone, time.Hour)
	at, _ = f.Deadline()
	assert.Less(t, time.Until(at), 2*time.Minute)
	leave()
	<-f.Done()
	require.ErrorIs(t, f.Err(), context.Canceled)
	assert.Same(t, f, f.Value(factsKey{}))
}
