// Command synthetic sends the telemetry of a simulated shop over OTLP, with incidents on demand.
// It does not detect anything, and needs nothing but a receiver, or a file to write to.
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

// usageError is a mistake on the command line.
type usageError struct{ error }

func main() { os.Exit(execute(os.Args[1:])) }

func execute(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := newCommand(os.Stdout, os.Stderr)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "synthetic: %v\nRun 'synthetic --help' for the flags and examples.\n", err)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "synthetic: interrupted")
		return exitInterrupted
	default:
		fmt.Fprintf(os.Stderr, "synthetic: %v\n", err)
		return exitFailed
	}
}
