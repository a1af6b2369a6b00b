// Package shop simulates a small web shop of twenty services, its deploys and the churn of its pods, and yields its traces, logs and metrics as pdata, with incidents injected on demand.
// It does not send, pace or store anything; what it yields is a function of seed, rate and event time alone.
package shop
