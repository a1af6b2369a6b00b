// Package driftlockcbad is the processor that passes logs, metrics and traces on unchanged and adds the anomalies that it
// finds in them to the stream. It does not hold data up, reorder or drop it, and it stores nothing.
package driftlockcbad
