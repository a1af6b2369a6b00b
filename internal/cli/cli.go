// Package cli runs a command of this module: signals end it, errors become messages and exit codes.
// It does not know any command's flags.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	Failed      = 1
	BadUsage    = 2
	Interrupted = 130
)

type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// Usage marks an error as a mistake on the command line or in the configuration.
func Usage(err error) error { return usageError{err} }

type codedError struct {
	error
	code int
}

func (c codedError) Unwrap() error { return c.error }

// Coded gives an error an exit code of its own.
func Coded(err error, code int) error { return codedError{err, code} }

// IsUsage tells whether an error was marked by Usage.
func IsUsage(err error) bool {
	var usage usageError
	return errors.As(err, &usage)
}

// Run runs the command with the program's arguments until it ends or a signal interrupts it, and returns the exit code.
func Run(command func(stdout, stderr io.Writer) *cobra.Command) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := command(os.Stdout, os.Stderr)
	return ExitCode(cmd.Name(), cmd.ExecuteContext(ctx), os.Stderr)
}

// ExitCode is the exit code of what a command returned, after saying why it is not 0.
func ExitCode(name string, err error, stderr io.Writer) int {
	var coded codedError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coded):
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return coded.code
	case IsUsage(err):
		fmt.Fprintf(stderr, "%s: %v\nRun '%s --help' for the flags and examples.\n", name, err, name)
		return BadUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "%s: interrupted\n", name)
		return Interrupted
	default:
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return Failed
	}
}
