package anomaly

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// MaxItemBytes is what one item may weigh on the wire, its Resource included.
const MaxItemBytes = 64 << 10

// MaxServiceBytes is how long a service's name may be.
const MaxServiceBytes = 1024

// Sizes that bound the protobuf encoding from above: tags, lengths and the fields that are always there.
const (
	entryOverhead = 24   // key and value of a map entry, or an element of a list
	fixedBytes    = 4096 // scalar attributes with their names, the record around them, the trimmed list
	maxShort      = 1024 // longest component id, hash, version, process id or resource key kept
	maxVersion    = 128  // longest service.version kept
)

// trim returns an anomaly whose carriers weigh at most limit, a itself if it fits.
// What goes first is what a reader misses least: what the weaker signals show, the costs of single words, excerpts, then samples, requests and reasons from the last on, then the rest.
// Channels and statistics, without which a verdict cannot be made again, go when nothing else is left: a detector's never do.
func (a *Anomaly) trim(limit int) (*Anomaly, error) {
	t := *a
	for _, s := range []*string{&t.ComponentID, &t.ConfigHash, &t.CoreVersion, &t.ProcessID} {
		*s = cut(toUTF8(*s), maxShort)
	}
	t.Kind, t.Cause = Kind(cut(toUTF8(string(t.Kind)), maxVersion)), cut(toUTF8(t.Cause), MaxServiceBytes)
	if d := t.Deploy; d != nil {
		t.Deploy = &Deploy{From: cut(toUTF8(d.From), maxVersion), To: cut(toUTF8(d.To), maxVersion), At: d.At}
	}
	t.Explanation, t.Service = toUTF8(t.Explanation), cut(toUTF8(t.Service), MaxServiceBytes)
	reasons, err := sizes(t.Reasons)
	if err != nil {
		return nil, fmt.Errorf("reasons: %w", err)
	}
	requests, err := sizes(t.Requests)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	channels, err := sizes(t.Channels)
	if err != nil {
		return nil, fmt.Errorf("channels: %w", err)
	}
	if t.BaselineData, err = excerpt(t.BaselineData); err != nil {
		return nil, fmt.Errorf("baseline_data: %w", err)
	}
	if t.WindowData, err = excerpt(t.WindowData); err != nil {
		return nil, fmt.Errorf("window_data: %w", err)
	}
	if t.Statistics, err = excerpt(t.Statistics); err != nil {
		return nil, fmt.Errorf("statistics: %w", err)
	}

	// Counted once, then kept as things go. The explanation is there twice: as attribute and as the log's body; so is a trace id: as attribute and link.
	size := fixedBytes + len(t.Service) + len(t.Cause) + len(t.ComponentID) + len(t.ConfigHash) + len(t.CoreVersion) + len(t.ProcessID) +
		2*len(t.Explanation) + len(t.BaselineData) + len(t.WindowData) + len(t.Statistics) + sum(reasons) + sum(requests) + sum(channels)
	for _, id := range t.TraceIDs {
		size += traceCost(id)
	}
	for _, name := range t.IncidentServices {
		size += listCost(name)
	}
	for k, v := range t.Resource {
		size += resourceCost(k, v)
	}
	if size <= limit {
		return &t, nil
	}

	cutBy := func(what string, n int) {
		size -= n
		if !slices.Contains(t.Trimmed, what) {
			t.Trimmed = append(slices.Clone(t.Trimmed), what)
		}
	}
	for _, part := range []string{"also", "words"} {
		for _, d := range []struct {
			name string
			data *json.RawMessage
		}{{"baseline_data", &t.BaselineData}, {"window_data", &t.WindowData}} {
			if size <= limit {
				break
			}
			if less := without(*d.data, part); len(less) < len(*d.data) {
				cutBy(d.name, len(*d.data)-len(less))
				*d.data = less
			}
		}
	}
	if size > limit && len(t.BaselineData) > 0 {
		cutBy("baseline_data", len(t.BaselineData))
		t.BaselineData = nil
	}
	if size > limit && len(t.WindowData) > 0 {
		cutBy("window_data", len(t.WindowData))
		t.WindowData = nil
	}
	t.Reasons = slices.Clone(t.Reasons)
	for i := len(t.Reasons) - 1; i >= 0 && size > limit; i-- {
		if t.Reasons[i].Sample == "" {
			continue
		}
		t.Reasons[i].Sample = ""
		left, _ := sizes(t.Reasons[i : i+1]) // it could be encoded before
		cutBy("samples", reasons[i]-left[0])
		reasons[i] = left[0]
	}
	for n := len(t.Requests); n > 0 && size > limit; n-- {
		cutBy("requests", requests[n-1])
		t.Requests = t.Requests[:n-1]
	}
	for n := len(t.Reasons); n > 1 && size > limit; n-- { // the first reason goes last of all
		cutBy("reasons", reasons[n-1])
		t.Reasons = t.Reasons[:n-1]
	}
	for n := len(t.TraceIDs); n > 0 && size > limit; n-- {
		cutBy("trace_ids", traceCost(t.TraceIDs[n-1]))
		t.TraceIDs = t.TraceIDs[:n-1]
	}
	for n := len(t.IncidentServices); n > 1 && size > limit; n-- { // the likeliest cause stays
		cutBy("incident_services", listCost(t.IncidentServices[n-1]))
		t.IncidentServices = t.IncidentServices[:n-1]
	}
	if size > limit && len(t.Resource) > 0 {
		t.Resource = maps.Clone(t.Resource)
		keys := slices.Sorted(maps.Keys(t.Resource))
		for i := len(keys) - 1; i >= 0 && size > limit; i-- {
			cutBy("resource", resourceCost(keys[i], t.Resource[keys[i]]))
			delete(t.Resource, keys[i])
		}
	}
	if size > limit && len(t.Explanation) > maxShort {
		keep := max(maxShort, len(t.Explanation)-(size-limit+1)/2)
		before := len(t.Explanation)
		t.Explanation = cut(t.Explanation, keep)
		cutBy("glass_box_explanation", 2*(before-len(t.Explanation)))
	}
	if size > limit && len(t.Reasons) > 0 {
		cutBy("reasons", reasons[0])
		t.Reasons = nil
	}
	for n := len(t.Channels); n > 0 && size > limit; n-- {
		cutBy("channels", channels[n-1])
		t.Channels = t.Channels[:n-1]
	}
	if size > limit && len(t.Statistics) > 0 {
		cutBy("statistics", len(t.Statistics))
		t.Statistics = nil
	}
	if size > limit {
		return nil, fmt.Errorf("%d bytes are left when everything that may go is gone, more than %d", size, limit)
	}
	return &t, nil
}

// trim cuts the list of streams at its end.
func (w *Window) trim(limit int) *Window {
	t := *w
	t.ComponentID, t.ProcessID = cut(toUTF8(t.ComponentID), maxShort), cut(toUTF8(t.ProcessID), maxShort)
	t.Service = cut(toUTF8(t.Service), MaxServiceBytes)
	for len(t.Streams) > 0 {
		s, err := sizes(t.Streams)
		if err != nil || fixedBytes+len(t.Service)+2*maxShort+sum(s) <= limit {
			break // an error comes up again, with its name, when the list is written
		}
		t.Streams = t.Streams[:len(t.Streams)/2]
	}
	return &t
}

// sizes is what each element weighs as JSON.
func sizes[T any](list []T) ([]int, error) {
	out := make([]int, len(list))
	for i := range list {
		b, err := json.Marshal(list[i])
		if err != nil {
			return nil, err
		}
		out[i] = len(b) + 1
	}
	return out, nil
}

func sum(n []int) (total int) {
	for _, v := range n {
		total += v
	}
	return total
}

func listCost(s string) int { return len(toUTF8(s)) + entryOverhead }

func traceCost(id string) int { return len(toUTF8(id)) + 2*entryOverhead + 32 }

func resourceCost(k, v string) int { return len(toUTF8(k)) + len(toUTF8(v)) + entryOverhead }

// toUTF8 replaces what is not UTF-8, which protobuf text must be. It may make a string longer, so it comes before measuring.
func toUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// excerpt is raw as it travels: without insignificant space, in UTF-8.
func excerpt(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, err
	}
	return bytes.ToValidUTF8(b.Bytes(), []byte("\uFFFD")), nil
}

// without leaves a member out of an exhibit and of its excerpts; data of another form stay as they are.
func without(data json.RawMessage, member string) json.RawMessage {
	var whole map[string]json.RawMessage
	if json.Unmarshal(data, &whole) != nil || whole == nil {
		return data
	}
	delete(whole, member)
	var records []map[string]json.RawMessage
	if raw, ok := whole["excerpts"]; ok && json.Unmarshal(raw, &records) == nil && records != nil {
		for _, r := range records {
			delete(r, member)
		}
		if less, err := json.Marshal(records); err == nil {
			whole["excerpts"] = less
		}
	}
	less, err := json.Marshal(whole)
	if err != nil {
		return data
	}
	return less
}

// cut keeps at most n bytes of s and no half rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// mapSize estimates a map's encoding, nested values as text.
func mapSize(m pcommon.Map) (n int) {
	for k, v := range m.All() {
		n += len(k) + valueSize(v)
	}
	return n
}

func valueSize(v pcommon.Value) int {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return len(v.Str())
	case pcommon.ValueTypeBytes:
		return v.Bytes().Len()
	case pcommon.ValueTypeMap:
		return mapSize(v.Map())
	case pcommon.ValueTypeSlice:
		n := 0
		for _, e := range v.Slice().All() {
			n += 2 + valueSize(e)
		}
		return n
	}
	return 8
}
