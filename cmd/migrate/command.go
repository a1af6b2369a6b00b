package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/driftlock/driftlock/internal/cli"
	"github.com/driftlock/driftlock/internal/store/locate"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/schema"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

const long = `Brings the schema of a store up to date before collectors of a new version start, takes the newest migration back, or says how far it is.
Collectors do the first by themselves unless told not to (migrate: false).

` + locate.Help + `

All of it runs under a lock that collectors take as well: two at once do it once. Taking a migration back deletes what only the newer
schema can hold; make a backup first.

Exit codes: 0 done; 1 failed, or for status: the schema is not the one this build needs; 2 usage; 130 interrupted.`

const examples = `  DRIFTLOCK_DSN=postgres://driftlock@db/driftlock driftlock-migrate up
  driftlock-migrate status --store /var/lib/driftlock/anomalies.db`

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	var where string
	root := &cobra.Command{
		Use: "driftlock-migrate", Short: "Migrate a store's schema", Long: long, Example: examples,
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(*cobra.Command, []string) error { return cli.Usage(errors.New("say up, down or status")) },
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usage(fmt.Errorf("unknown command %q; say up, down or status", args[0]))
			}
			return nil
		},
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err) })
	root.PersistentFlags().StringVar(&where, "store", "", locate.Usage)
	for _, c := range []struct {
		name, short string
		move        func(*schema.Migrator) error
	}{
		{"up", "Run the migrations that are missing", (*schema.Migrator).Up},
		{"down", "Take the newest migration back, and what only it can hold", (*schema.Migrator).Down},
		{"status", "Say which version the schema has and which this build needs", nil},
	} {
		root.AddCommand(&cobra.Command{
			Use: c.name, Short: c.short, Args: func(_ *cobra.Command, args []string) error {
				if len(args) > 0 {
					return cli.Usage(fmt.Errorf("%s takes no arguments (got %q); name the store with --store", c.name, args))
				}
				return nil
			},
			RunE: func(cmd *cobra.Command, _ []string) error {
				return run(cmd.Context(), stdout, locate.Store(where), c.move)
			},
		})
	}
	return root
}

// run moves a store, or only looks at it where move is nil, and prints how far it is.
func run(ctx context.Context, out io.Writer, where string, move func(*schema.Migrator) error) error {
	var state schema.State
	both := func(m *schema.Migrator) error {
		if move != nil {
			if err := move(m); err != nil {
				return err
			}
		}
		var err error
		state, err = m.State()
		return err
	}
	if err := with(ctx, where, move == nil, both); err != nil {
		return err
	}
	fmt.Fprintf(out, "schema version %d, this build needs %d\n", state.Version, state.Newest)
	if move == nil {
		return state.Check()
	}
	return nil
}

func with(ctx context.Context, where string, look bool, move func(*schema.Migrator) error) error {
	if locate.IsDSN(where) {
		return postgres.Migrate(ctx, postgres.Options{DSN: where}, move)
	}
	if look {
		if _, err := os.Stat(where); err != nil {
			return fmt.Errorf("no SQLite file to look at: %w", err)
		}
	}
	return sqlite.Migrate(ctx, where, move)
}
