// Package episode makes one course of a service's anomalous windows, one incident of the courses that belong together, and
// names the service that explains the others. It does not judge windows, and it holds a statement back for one window at most.
package episode
