// Command replay runs Driftlock's detector over files and prints what it would have said.
// It needs no collector and stores nothing; with --send it hands the files to a running collector instead.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// usageError is a mistake on the command line or in the configuration.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func main() { os.Exit(execute(os.Args[1:])) }

func execute(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := newCommand(os.Stdout, os.Stderr)
	cmd.SetArgs(args)
	return exitCode(cmd.ExecuteContext(ctx))
}

func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "replay: %v\nRun 'replay --help' for the flags and examples.\n", err)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "replay: interrupted")
		return exitInterrupted
	default:
		fmt.Fprintf(os.Stderr, "replay: %v\n", err)
		return exitFailed
	}
}
