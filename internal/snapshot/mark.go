package snapshot

// Mark tells whether something changed since the current snapshot was made. Its owner says Changed; whoever makes
// snapshots numbers them and asks.
type Mark struct {
	unchanged bool // since the snapshot with this number, written or not
	in        uint64
}

// Changed remembers a change.
func (m *Mark) Changed() { m.unchanged = false }

// Save tells whether there was a change since snapshot base was made, the last one that was completed; from now on changes
// since snapshot serial count.
func (m *Mark) Save(base, serial uint64) (changed bool) {
	changed = !m.unchanged || m.in != base
	m.unchanged, m.in = true, serial
	return changed
}

// Loaded is the mark of what was just read from the current snapshot, whose number then is 0.
func Loaded() Mark { return Mark{unchanged: true} }
