// Command bench measures the server beside a floor in the same run: throughput
// and CPU per request of the main endpoints, time to start, resident memory,
// sizes. The server is pinned to one core, the load to another. Numbers are for
// comparing within one run; no test depends on them.
package main
