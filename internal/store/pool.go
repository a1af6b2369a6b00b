package store

import "time"

// Pool is how a store's connections stand.
type Pool struct {
	Open, Used, Max int
	Waits           int64         // how often a call had to wait for one
	Waited          time.Duration // in sum
}

// Pooled is a store that has connections.
type Pooled interface{ Pool() Pool }

// Indexing is a store that has an index of texts. TextsWaiting is how many were still to be indexed when it last looked, as far as it counts.
type Indexing interface{ TextsWaiting() int }
