package canonical

import (
	"strings"
	"unicode/utf8"
)

// maxName bounds a name in the dictionary, in bytes.
const maxName = 256

// Names tells what hashes stand for: services, operations, metric series, instances. It is bounded; explanations fall back
// to the hash for a name that was forgotten.
type Names struct{ dictionary *Intern[string] }

// NewNames makes a dictionary for about capacity names.
func NewNames(capacity int) *Names { return &Names{NewIntern[string](capacity)} }

// Get returns the name of a hash, or "".
func (n *Names) Get(h uint64) string {
	name, _ := n.dictionary.Get(h)
	return name
}

// Forgotten counts the names given up for newer ones.
func (n *Names) Forgotten() uint64 { return n.dictionary.Forgotten() }

// Enter returns the hash of a name and remembers it.
func (n *Names) Enter(name string) uint64 {
	h := HashString(name)
	if !n.has(h) {
		n.put(h, clip(valid(name), maxName))
	}
	return h
}

func (n *Names) has(h uint64) bool {
	_, ok := n.dictionary.Get(h)
	return ok
}

func (n *Names) put(h uint64, name string) { n.dictionary.Put(h, name) }

// clip cuts a text to at most n bytes, on a rune's border, and copies it, so that no larger buffer is kept alive.
func clip(s string, n int) string {
	if len(s) <= n {
		return strings.Clone(s)
	}
	cut := n - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// valid replaces what is not UTF-8: names end up in JSON.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
