// Program cty lets go-cty, the type system inside Terraform, judge another implementation of it.
//
// It reads one JSON request a line and answers one JSON line each, until its standard input ends. Requests hold many
// items, because a round trip through a pipe costs more than the work on one value.
//
//	{"op":"recode","items":[{"type":T,"msgpack":"base64"}|{"type":T,"json":J}…]}
//	    decodes each and answers it encoded again: {"items":[{"msgpack":"base64","json":J}…]}; "json" is left out when
//	    something in the value is unknown.
//	{"op":"equal","items":[{"type":T,"a":{"msgpack"|"json"},"b":{…}}…]}
//	    answers {"items":[{"equal":true}…]}, by RawEquals.
//	{"op":"generate","seed":N,"count":N}
//	    answers {"items":[{"type":T,"msgpack":"base64","json":J}…]}: random types and values.
//
//	{"op":"vectors"}
//	    answers {"items":[{"name":"…","type":T,"msgpack":"base64","json":J}…]}: what testdata/cty/vectors.json holds.
//
// An item that go-cty refuses, or on which it panics, is answered with {"error":"…"}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	ctymsgpack "github.com/zclconf/go-cty/cty/msgpack"
)

// encoded is a value in one or both of its forms.
type encoded struct {
	Msgpack []byte          `json:"msgpack,omitempty"`
	JSON    json.RawMessage `json:"json,omitempty"`
}

type item struct {
	Name string          `json:"name,omitempty"`
	Type json.RawMessage `json:"type,omitempty"`
	encoded
	A     *encoded `json:"a,omitempty"`
	B     *encoded `json:"b,omitempty"`
	Equal bool     `json:"equal,omitempty"`
	Error string   `json:"error,omitempty"`
}

type request struct {
	Op    string `json:"op"`
	Items []item `json:"items"`
	Seed  int64  `json:"seed"`
	Count int    `json:"count"`
}

type response struct {
	Items []item `json:"items"`
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(in)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encoder := json.NewEncoder(out)
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			fail(err)
		}
		answer, err := serve(asked)
		if err != nil {
			fail(err)
		}
		if err := encoder.Encode(answer); err != nil {
			fail(err)
		}
		if err := out.Flush(); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "cty:", err)
	os.Exit(1)
}

func serve(asked request) (response, error) {
	answer := response{Items: []item{}}
	switch asked.Op {
	case "recode":
		for _, one := range asked.Items {
			answer.Items = append(answer.Items, guarded(func() (item, error) { return recode(one) }))
		}
	case "equal":
		for _, one := range asked.Items {
			answer.Items = append(answer.Items, guarded(func() (item, error) { return equal(one) }))
		}
	case "generate":
		source := newGenerator(asked.Seed)
		for range asked.Count {
			answer.Items = append(answer.Items, guarded(source.item))
		}
	case "vectors":
		for _, one := range vectors() {
			answer.Items = append(answer.Items, guarded(one))
		}
	default:
		return answer, fmt.Errorf("no operation %q", asked.Op)
	}
	return answer, nil
}

// guarded turns an error or a panic of go-cty into an answer.
func guarded(work func() (item, error)) (result item) {
	defer func() {
		if caught := recover(); caught != nil {
			result = item{Error: fmt.Sprintf("panic: %v", caught)}
		}
	}()
	result, err := work()
	if err != nil {
		return item{Error: err.Error()}
	}
	return result
}

func decode(ty cty.Type, value encoded) (cty.Value, error) {
	if value.Msgpack != nil {
		return ctymsgpack.Unmarshal(value.Msgpack, ty)
	}
	return ctyjson.Unmarshal(value.JSON, ty)
}

func encode(value cty.Value, ty cty.Type) (encoded, error) {
	packed, err := ctymsgpack.Marshal(value, ty)
	if err != nil {
		return encoded{}, err
	}
	result := encoded{Msgpack: packed}
	if value.IsWhollyKnown() {
		result.JSON, err = ctyjson.Marshal(value, ty)
	}
	return result, err
}

func recode(one item) (item, error) {
	ty, err := ctyjson.UnmarshalType(one.Type)
	if err != nil {
		return item{}, err
	}
	value, err := decode(ty, one.encoded)
	if err != nil {
		return item{}, err
	}
	result, err := encode(value, ty)
	return item{encoded: result}, err
}

func equal(one item) (item, error) {
	ty, err := ctyjson.UnmarshalType(one.Type)
	if err != nil {
		return item{}, err
	}
	if one.A == nil || one.B == nil {
		return item{}, fmt.Errorf("two values are needed")
	}
	a, err := decode(ty, *one.A)
	if err != nil {
		return item{}, fmt.Errorf("a: %w", err)
	}
	b, err := decode(ty, *one.B)
	if err != nil {
		return item{}, fmt.Errorf("b: %w", err)
	}
	if !a.RawEquals(b) {
		return item{}, fmt.Errorf("%#v is not %#v", a, b)
	}
	return item{Equal: true}, nil
}
