// SPDX-License-Identifier: MIT

// An OpenID provider for the tests, which asks nobody for a password:
//
//	provider ADDRESS CLIENT SECRET
//
// Each line of standard input is a user in JSON, and the next sign-in is that user's. It ends with its input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/oauth2-proxy/mockoidc"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: provider ADDRESS CLIENT SECRET")
	}
	provider, err := mockoidc.NewServer(nil)
	if err != nil {
		log.Fatal(err)
	}
	provider.ClientID, provider.ClientSecret = os.Args[2], os.Args[3]
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := provider.Start(listener, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(provider.Issuer())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		user := &mockoidc.MockUser{}
		if err := json.Unmarshal(lines.Bytes(), user); err != nil {
			log.Fatal(err)
		}
		provider.QueueUser(user)
		fmt.Println("queued")
	}
}
