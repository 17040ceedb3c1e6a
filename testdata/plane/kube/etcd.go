package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd serves one etcd member.
//
// The flags are those of etcd itself, as far as the plane gives them, so that the plane starts an
// etcd that it found with the same words. Fsync is usually off: a test's data does not outlive a
// power cut, and the flushes are what makes a namespace slow to create on a laptop.
func runEtcd(args []string) {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	config := embed.NewConfig()
	flags.StringVar(&config.Name, "name", "plane", "name of the member")
	flags.StringVar(&config.Dir, "data-dir", "", "folder of the data")
	flags.StringVar(&config.LogLevel, "log-level", "warn", "least level to log")
	flags.BoolVar(&config.UnsafeNoFsync, "unsafe-no-fsync", false, "do not flush to disk")
	flags.StringVar(&config.InitialCluster, "initial-cluster", "", "NAME=URL of this member")
	urls(flags, &config.ListenClientUrls, "listen-client-urls")
	urls(flags, &config.AdvertiseClientUrls, "advertise-client-urls")
	urls(flags, &config.ListenPeerUrls, "listen-peer-urls")
	urls(flags, &config.AdvertisePeerUrls, "initial-advertise-peer-urls")
	_ = flags.Parse(args)

	server, err := embed.StartEtcd(config)
	exitOn(err)
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(time.Minute):
		exitOn(fmt.Errorf("not ready after a minute"))
	}
	exitOn(<-server.Err())
}

// urls declares a flag that takes one URL.
func urls(flags *flag.FlagSet, into *[]url.URL, name string) {
	flags.Func(name, "one URL", func(text string) error {
		parsed, err := url.Parse(text)
		if err == nil {
			*into = []url.URL{*parsed}
		}
		return err
	})
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
}
