// Command staticpods reads a folder of static pods with the kubelet's own code and prints, in one line each, what a
// kubelet would run from it: the pod and the command of its containers.
//
//	staticpods FOLDER
//
// A whole kubelet wants a container runtime. Which files it takes, and what it makes of two that name the same pod, is
// decided before any runtime is asked, in the package that is used here.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/config"
	kubelet "k8s.io/kubernetes/pkg/kubelet/types"
)

// unobserved takes what the kubelet would count about the start of pods.
type unobserved struct{}

func (unobserved) ObservedPodOnWatch(*v1.Pod, time.Time) {}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: staticpods FOLDER")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	pods := config.NewPodConfig(record.NewFakeRecorder(100), unobserved{})
	config.NewSourceFile(klog.Background(), os.Args[1], "cp-1", time.Second, pods.Channel(ctx, kubelet.FileSource))
	for {
		select {
		case update := <-pods.Updates():
			if update.Op == kubelet.ADD {
				show(update.Pods)
				return
			}
		case <-ctx.Done():
			fmt.Fprintln(os.Stderr, "the kubelet's code told nothing within 30 s")
			os.Exit(1)
		}
	}
}

func show(pods []*v1.Pod) {
	var lines []string
	for _, pod := range pods {
		for _, container := range pod.Spec.Containers {
			lines = append(lines, fmt.Sprintf("%s: %s", pod.Name, strings.Join(container.Command, " ")))
		}
	}
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}
