package canonical

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/join"
)

func TestOperationNames(t *testing.T) {
	for name, want := range map[string]string{
		"":                              "",
		"GET /users":                    "GET /users",
		"GET /users/123":                "GET /users/*",
		"GET /users/123/items/4":        "GET /users/*/items/*",
		"/api/v2/oauth2":                "/api/v2/oauth2",
		"job-deadbeef01":                "job-*",
		"job-deadbeef":                  "job-deadbeef", // no digit: may be a word
		"4bf92f3577b34da6a3ce929d0e0e4": "*",
		"550e8400-e29b-41d4-a716-44665": "*-e29b-41d4-a716-*",
		"Travel2Controller.query":       "Travel2Controller.query",
		"käse 12":                       "käse *",
	} {
		assert.Equal(t, want, string(appendMasked(nil, name)), name)
	}
}

func TestReadSpan(t *testing.T) {
	names := NewNames(1000)
	res := resourceOf("shop", "a")
	var s Scratch
	read := func(fill func(ptrace.Span)) Span {
		sp := ptrace.NewSpan()
		sp.SetTraceID(pcommon.TraceID{1})
		sp.SetSpanID(pcommon.SpanID{2})
		fill(sp)
		var out Span
		ReadSpan(&out, sp, res, SpanTime(sp, 99), names, &s)
		return out
	}
	a := read(func(sp ptrace.Span) {
		sp.SetName("GET /users/1")
		sp.SetParentSpanID(pcommon.SpanID{7: 3})
		sp.SetStartTimestamp(10)
		sp.SetEndTimestamp(30)
		sp.Status().SetCode(ptrace.StatusCodeError)
	})
	b := read(func(sp ptrace.Span) { sp.SetName("GET /users/2"); sp.SetStartTimestamp(50) })
	assert.Equal(t, a.Operation, b.Operation)
	assert.EqualValues(t, 3, a.ParentID)
	assert.EqualValues(t, 20, a.DurationNs())
	assert.True(t, a.Error)
	assert.EqualValues(t, 50, b.EndNs, "a span without an end ends when it starts")
	assert.False(t, b.Error)
	none := read(func(ptrace.Span) {})
	assert.EqualValues(t, 99, none.EndNs)
	assert.EqualValues(t, 99, none.StartNs)
	wrong := read(func(sp ptrace.Span) { sp.SetStartTimestamp(60); sp.SetEndTimestamp(40) })
	assert.Zero(t, wrong.DurationNs())
	server := read(func(sp ptrace.Span) { sp.SetName("GET /users/1"); sp.SetKind(ptrace.SpanKindServer) })
	assert.NotEqual(t, a.Operation, server.Operation, "client and server side of a call are two operations")
	assert.Equal(t, "GET /users/*", names.Get(a.Operation))
	assert.Equal(t, "shop GET /users/*", names.Get(join.OperationKey(a.Service, a.Operation)))
}

func TestResources(t *testing.T) {
	names := NewNames(100)
	rs := NewResources([]string{"service.name", "k8s.deployment.name"}, 100, names)
	resolve := func(pairs ...string) *Resource {
		m := pcommon.NewMap()
		for i := 0; i < len(pairs); i += 2 {
			m.PutStr(pairs[i], pairs[i+1])
		}
		return rs.Resolve(m)
	}
	assert.Equal(t, Unknown, resolve().Service)
	assert.Equal(t, Unknown, resolve("service.name", "").Service)
	assert.Equal(t, "d", resolve("k8s.deployment.name", "d").Service)
	assert.Equal(t, "s", resolve("k8s.deployment.name", "d", "service.name", "s").Service)
	assert.Same(t, resolve("a", "b", "service.name", "s"), resolve("service.name", "s", "a", "b"))
	one, two := resolve("service.name", "s", "k8s.pod.name", "p1"), resolve("service.name", "s", "k8s.pod.name", "p2")
	assert.Equal(t, one.ServiceHash, two.ServiceHash)
	assert.NotEqual(t, one.Replica, two.Replica)
	assert.NotEqual(t, one.Instance, two.Instance)
	assert.Zero(t, resolve("service.name", "s").Replica)
	assert.Equal(t, "p1", names.Get(one.Instance))
	long := resolve("service.name", strings.Repeat("x", 1<<20), "k", strings.Repeat("y", 1<<20))
	assert.LessOrEqual(t, len(long.Service), maxName)
	assert.LessOrEqual(t, len(long.Attributes["k"]), maxResourceValue)
	many := []string{}
	for i := range 1000 {
		many = append(many, fmt.Sprint("k", i), "v")
	}
	assert.Len(t, resolve(many...).Attributes, maxResourceAttributes)
	assert.Equal(t, "\uFFFDx", resolve("service.name", "\xffx").Service)
}

func TestInternForgetsTheUnused(t *testing.T) {
	d := NewIntern[int](internShards * 2 * 8)
	for i := range uint64(100_000) {
		d.Put(i<<40, int(i))
		d.Get(7 << 40) // in use
	}
	v, ok := d.Get(7 << 40)
	assert.True(t, ok)
	assert.Equal(t, 7, v)
	_, ok = d.Get(8 << 40)
	assert.False(t, ok)
	assert.LessOrEqual(t, d.Len(), 2*8*internShards)
	assert.Greater(t, d.Forgotten(), uint64(90_000))
}
