// Command print prints the version of its build.
package main

import (
	"fmt"

	"github.com/authserver-dev/operator/internal/version"
)

func main() { fmt.Println(version.String()) }
