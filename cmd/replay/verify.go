package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/cli"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/evidence"
)

const verifyLong = `Checks evidence bundles, as GET /v1/anomalies/{id}/export gives them. Nothing of what a bundle says is believed:

  the verdict    each channel's p-value, the combined p-value, score, level, bits, kind and id are computed again from the statistics in the
                 bundle, by the code that judges live, and compared bit for bit; whatever differs is named by its path (a JSON pointer)
  the digest     SHA-256 of the body's canonical form (RFC 8785), and of each member, which names the member that was changed
  the signature  Ed25519, if there is one. Without --public-key it is checked with the key in the bundle, which shows that nothing was changed since
                 somebody signed, not who that was

What it shows: the verdict follows from the statistics. That the statistics follow from the records only judging the records again
shows (replay FILE...). Reasons, explanation, excerpts and the history of status changes are covered by digest and signature alone.

A bundle of another core version is checked too; where something differs then, that core's own build has to decide.

Exit codes, of several bundles the first that applies to one: 2 unreadable, or the signature does not count; 1 something differs;
3 the verdict cannot be computed again here (no statistics, or another core version); 0 verified; 130 interrupted.`

const verifyExamples = `  replay verify driftlock-1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f.json
  replay verify --public-key driftlock.pub *.json      only this key's signature counts
  curl -s http://localhost:8080/v1/anomalies/ID/export | replay verify -`

// Exit codes of verify beside those of all commands.
const (
	exitDiffers      = 1
	exitUnreadable   = 2
	exitUnverifiable = 3
)

func newVerify(stdout io.Writer) *cobra.Command {
	var publicKey string
	cmd := &cobra.Command{
		Use:   "verify BUNDLE...",
		Short: "Check evidence bundles: recompute the verdict bit for bit, and the signature",
		Long:  verifyLong, Example: verifyExamples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usage(errors.New("name at least one bundle, or - for standard input"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			check := evidence.Check{Recompute: detect.RecomputeJSON, CoreVersion: cbad.Version()}
			if publicKey != "" {
				var err error
				if check.Trusted, err = evidence.LoadPublicKey(publicKey); err != nil {
					return cli.Usage(fmt.Errorf("--public-key: %w", err))
				}
			}
			worst, failed := 0, 0
			for _, path := range args {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				if code := verifyOne(cmd, path, check, stdout); code != 0 {
					worst = max(worst, slices.Index(bySeverity[:], code))
					failed++
				}
			}
			if failed == 0 {
				return nil
			}
			return cli.Coded(fmt.Errorf("%d of %d bundles not verified", failed, len(args)), bySeverity[worst])
		},
	}
	cmd.Flags().StringVar(&publicKey, "public-key", "", "PEM file with the only public key whose signature counts")
	return cmd
}

// bySeverity are the exit codes: what is unreadable is worse than what differs, and that than what cannot be told.
var bySeverity = [...]int{0, exitUnverifiable, exitDiffers, exitUnreadable}

// verifyOne checks one bundle, says what it found, and returns the exit code.
func verifyOne(cmd *cobra.Command, path string, check evidence.Check, out io.Writer) int {
	data, err := readBundle(cmd, path)
	var r *evidence.Report
	if err == nil {
		r, err = evidence.Verify(data, check)
	}
	if err != nil {
		fmt.Fprintf(out, "%s: unreadable: %v\n", path, err)
		return exitUnreadable
	}
	code, verdict := 0, "verified"
	switch {
	case r.SignatureProblem != "":
		code, verdict = exitUnreadable, "the signature does not count"
	case r.Unverifiable != "":
		code, verdict = exitUnverifiable, "cannot be verified here"
	case len(r.Differences) > 0:
		code, verdict = exitDiffers, "differs"
	}
	fmt.Fprintf(out, "%s: %s\n", path, verdict)
	describe(out, r, check)
	return code
}

func readBundle(cmd *cobra.Command, path string) ([]byte, error) {
	from := cmd.InOrStdin()
	if path != "-" {
		f, err := os.Open(path) //nolint:gosec // G304: whoever runs the command names the file
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	return io.ReadAll(io.LimitReader(from, evidence.MaxBundle+1))
}

func describe(out io.Writer, r *evidence.Report, check evidence.Check) {
	line := func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) }
	b := &r.Bundle.Body
	v := &b.Verdict
	line("%s, %s to %s: %s, p %s at a level of %s, %d channels", v.Service, v.WindowStart.Format("2006-01-02 15:04:05"), v.WindowEnd.Format("15:04:05 MST"),
		v.Kind, anomaly.Number(v.PValue), anomaly.Number(v.Level), len(v.Channels))
	for _, d := range r.Differences {
		line("%s", d.Path)
		line("  in the bundle: %s", d.Have)
		line("  should be:     %s", d.Want)
	}
	switch {
	case r.Unverifiable != "":
		line("%s", r.Unverifiable)
	case len(r.Differences) == 0:
		line("the verdict follows from the statistics, to the bit (core %s)", check.CoreVersion)
		if b.CoreVersion != check.CoreVersion {
			line("core %s stated it", b.CoreVersion)
		}
	}
	line("%s", signer(r, check.Trusted))
}

func signer(r *evidence.Report, trusted ed25519.PublicKey) string {
	switch {
	case r.SignatureProblem != "":
		return r.SignatureProblem
	case r.Signer == "":
		return "not signed: the digest shows accidents, not forgeries"
	case trusted != nil:
		return "signed by key " + r.Signer + ", the one asked for"
	default:
		return "signed by key " + r.Signer + ", not checked against a key of yours (--public-key)"
	}
}
