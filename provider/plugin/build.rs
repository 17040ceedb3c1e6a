//! Compiles the protocol's `.proto` files, without a `protoc` on the machine.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = ["tfplugin5.proto", "goplugin.proto", "health.proto"];
    for file in files {
        println!("cargo::rerun-if-changed=proto/{file}");
    }
    let descriptors = protox::compile(files, ["proto"])?;
    // Clients too: tests and benchmarks drive the real RPCs.
    tonic_prost_build::configure()
        .build_server(true)
        .build_client(true)
        // Equal schemas are equal bytes, so that two answers can be compared.
        .btree_map(".")
        .compile_fds(descriptors)?;
    Ok(())
}
