// Command replay runs Driftlock's detector over files and prints what it would have said.
// It needs no collector and stores nothing; with --send it hands the files to a running collector instead.
package main

import (
	"os"

	"github.com/driftlock/driftlock/internal/cli"
)

func main() { os.Exit(cli.Run(newCommand)) }
