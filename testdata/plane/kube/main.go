// Command kube is the Kubernetes side of the test plane: etcd, kube-apiserver and
// kube-controller-manager in one binary, so that their common half is compiled and linked once.
//
//	kube etcd [a few flags of etcd, see etcd.go]
//	kube apiserver [the flags of kube-apiserver]
//	kube controller-manager [the flags of kube-controller-manager]
package main

import (
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // a test machine need not have a zone database

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	followParent()
	role := os.Args[1]
	// cobra reads os.Args, and the names in messages come from there as well.
	os.Args = append([]string{"kube-" + role}, os.Args[2:]...)
	switch role {
	case "etcd":
		runEtcd(os.Args[1:])
	case "apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	default:
		usage()
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: kube etcd|apiserver|controller-manager [flags]")
	os.Exit(2)
}

// followParent ends this process when its standard input is closed.
//
// The plane holds the other end of that pipe. The system closes it however the plane ends: returned,
// panicked, interrupted or killed. No signal handler of the plane could promise that. All data here
// is thrown away, so nothing is lost by leaving at once.
func followParent() {
	if os.Getenv("HOMELAB_PLANE_FOLLOW") != "stdin" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}
