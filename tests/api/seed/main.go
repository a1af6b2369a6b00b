// Command seed fills an SQLite store with anomalies, windows, changes and one key of each role, for the tests of the API from outside
// and for what is measured of the dashboard.
// It prints the keys as JSON; it is no part of the distribution.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func main() {
	path := flag.String("db", "", "the SQLite file to make")
	anomalies := flag.Int("anomalies", 120, "how many, at least 10")
	flag.Parse()
	keys, err := seed(context.Background(), *path, *anomalies)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(keys)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

// key is one that was made, with its token.
type key struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

// seed stores enough of everything that every list has a second page.
func seed(ctx context.Context, path string, anomalies int) (keys map[auth.Role]key, err error) {
	s, err := sqlite.Open(ctx, sqlite.Options{Path: path})
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := s.Close(); err == nil {
			err = closing
		}
	}()
	it := anomaly.Items{}
	for i := range anomalies {
		it.Anomalies = append(it.Anomalies, storetest.Anomaly(i))
	}
	for i := range 60 {
		it.Windows = append(it.Windows, storetest.Window(fmt.Sprintf("service-%d", i), "driftlockcbad", "p", 3))
	}
	if _, err := s.Add(ctx, it); err != nil {
		return nil, err
	}
	for i := range 10 {
		change := store.StatusChange{ID: storetest.Anomaly(i).ID, To: "acknowledged", Note: "seen", By: store.System}
		if _, err := s.SetStatus(ctx, change); err != nil {
			return nil, err
		}
	}
	keys = map[auth.Role]key{}
	for _, role := range auth.Roles {
		k, token, hash, err := auth.NewKey(string(role), role, nil, "seed", time.Now())
		if err != nil {
			return nil, err
		}
		if err := s.AddKey(ctx, k, hash, store.System); err != nil {
			return nil, err
		}
		keys[role] = key{k.ID, token}
	}
	return keys, nil
}
