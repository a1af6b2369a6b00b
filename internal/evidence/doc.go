// Package evidence makes bundles of what stands behind an anomaly, seals and signs them, and checks them.
// It judges nothing: whoever checks a bundle brings the function that makes a verdict from its statistics.
package evidence
