package v1alpha1

import (
	"crypto/sha256"
	"fmt"
)

// UserShards is the number of files (and Secrets) that the users of a server
// are spread over. A changed user rewrites one of them. It is fixed: changing it
// would move users between files that are not replaced at the same moment.
const UserShards = 16

// Shard returns the number of the file that holds the user with the subject.
func Shard(subject string) int {
	sum := sha256.Sum256([]byte(subject))
	return int(sum[0]) % UserShards
}

// ShardFile returns the file name of a shard, "users-07.json".
func ShardFile(shard int) string { return fmt.Sprintf("users-%02d.json", shard) }
