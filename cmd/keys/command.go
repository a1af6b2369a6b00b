package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/cli"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/locate"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

const long = `Creates, lists and revokes the keys of the API, straight in its store.

A key is shown once, when it is created; only its secret's hash is stored. Give it to the API as "Authorization: Bearer KEY".
Roles: a reader sees everything but keys, a writer also changes the status of anomalies, an admin also manages keys.

` + locate.Help + `

Exit codes: 0 done; 1 failed; 2 usage; 130 interrupted.`

const examples = `  driftlock-keys create --name alice --role admin
  driftlock-keys create --name ci --role writer --expires 2160h
  driftlock-keys list
  driftlock-keys revoke 0123456789abcdef`

type options struct {
	store, name, role string
	expires           time.Duration
}

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	var o options
	root := &cobra.Command{
		Use: "driftlock-keys", Short: "Manage API keys", Long: long, Example: examples,
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(*cobra.Command, []string) error { return cli.Usage(errors.New("say create, list or revoke")) },
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usage(fmt.Errorf("unknown command %q; say create, list or revoke", args[0]))
			}
			return nil
		},
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err) })
	root.PersistentFlags().StringVar(&o.store, "store", "", locate.Usage)

	create := &cobra.Command{
		Use: "create", Short: "Create a key and show it, this once", Args: exactly(0, "create takes no arguments; name the key with --name"),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.create(cmd.Context(), stdout) },
	}
	create.Flags().StringVar(&o.name, "name", "", "whose or what for it is")
	create.Flags().StringVar(&o.role, "role", string(auth.Reader), "reader, writer or admin")
	create.Flags().DurationVar(&o.expires, "expires", 0, "how long it is valid, as 2160h (default: until it is revoked)")
	root.AddCommand(create,
		&cobra.Command{
			Use: "list", Short: "List all keys, also expired and revoked ones", Args: exactly(0, "list takes no arguments"),
			RunE: func(cmd *cobra.Command, _ []string) error { return o.list(cmd.Context(), stdout) },
		},
		&cobra.Command{
			Use: "revoke ID", Short: "End a key's use for good", Args: exactly(1, "revoke takes one key's id, as list shows it"),
			RunE: func(cmd *cobra.Command, args []string) error { return o.revoke(cmd.Context(), stdout, args[0]) },
		})
	return root
}

func exactly(n int, otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return cli.Usage(errors.New(otherwise))
		}
		return nil
	}
}

// operator is who the audit log says it was: whoever is logged in on this machine.
func operator() store.Actor {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return store.Actor{Name: name, Role: "operator", Address: "command line"}
}

func (o *options) open(ctx context.Context) (store.Store, error) {
	where := locate.Store(o.store)
	if locate.IsDSN(where) {
		return postgres.Open(ctx, postgres.Options{DSN: where, MigrateAtStart: true, MaxOpen: 2})
	}
	return sqlite.Open(ctx, sqlite.Options{Path: where})
}

// with runs f on the store.
func (o *options) with(ctx context.Context, f func(store.Store) error) (err error) {
	s, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(s)
}

func (o *options) create(ctx context.Context, out io.Writer) error {
	now := time.Now()
	var expires *time.Time
	if o.expires != 0 {
		at := now.Add(o.expires)
		expires = &at
	}
	by := operator()
	k, token, hash, err := auth.NewKey(o.name, auth.Role(o.role), expires, by.Name, now)
	if err != nil {
		return cli.Usage(err)
	}
	return o.with(ctx, func(s store.Store) error {
		if err := s.AddKey(ctx, k, hash, by); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "%s\n\nKey %s, %s, for %s. It is shown this once; send it as Authorization: Bearer.\n", token, k.ID, k.Role, k.Name)
		return err
	})
}

func (o *options) list(ctx context.Context, out io.Writer) error {
	return o.with(ctx, func(s store.Store) error {
		keys, err := s.Keys(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "ID\tROLE\tNAME\tCREATED\tLAST USED\tSTATE")
		for _, k := range keys {
			state := "valid"
			switch {
			case k.RevokedAt != nil:
				state = "revoked " + date(k.RevokedAt)
			case !k.Usable(time.Now()):
				state = "expired " + date(k.ExpiresAt)
			case k.ExpiresAt != nil:
				state = "valid until " + date(k.ExpiresAt)
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Role, k.Name, date(&k.CreatedAt), date(k.LastUsedAt), state)
		}
		return w.Flush()
	})
}

func (o *options) revoke(ctx context.Context, out io.Writer, id string) error {
	return o.with(ctx, func(s store.Store) error {
		k, err := s.RevokeKey(ctx, id, operator())
		if errors.Is(err, store.ErrNoKey) {
			return fmt.Errorf("no key has the id %q; list shows those that there are", id)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "revoked %s (%s), %s\n", k.ID, k.Name, date(k.RevokedAt))
		return err
	})
}

func date(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}
