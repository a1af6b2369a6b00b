// Command keys creates, lists and revokes API keys in a store of anomalies, which is how the first key comes to be.
// It does not talk to a running API.
package main

import (
	"os"

	"github.com/driftlock/driftlock/internal/cli"
)

func main() { os.Exit(cli.Run(newCommand)) }
