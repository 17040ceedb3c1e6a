//! The kubelet's command line. Its flags are told nowhere else, and a flag that is gone keeps it from starting.

use std::collections::BTreeMap;

/// A kubelet's flags. Names may leave the machine; values stay here, since some of them hold more than they should.
#[derive(Clone)]
pub struct KubeletCommand(BTreeMap<String, String>);

impl KubeletCommand {
    /// The kubelet that this command line (arguments that end with a zero byte each, as in `/proc`) starts; nothing where it is
    /// another program's.
    pub fn of(command_line: &[u8]) -> Option<Self> {
        let mut arguments = command_line.split(|byte| *byte == 0).map(String::from_utf8_lossy).peekable();
        let program = arguments.next()?;
        if program.rsplit('/').next() != Some("kubelet") {
            return None;
        }
        let mut flags = BTreeMap::new();
        while let Some(argument) = arguments.next() {
            let Some(flag) = argument.strip_prefix("--").filter(|flag| !flag.is_empty()) else { continue };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (flag, arguments.next_if(|next| !next.starts_with('-')).map(String::from).unwrap_or_default()),
            };
            flags.insert(name.to_owned(), value);
        }
        Some(Self(flags))
    }

    /// Whether this command line is that of k3s, which runs the kubelet inside of itself, gives it flags of its own, and hides
    /// its own arguments from whoever lists processes.
    pub fn is_inside_of(command_line: &[u8]) -> bool {
        let program = command_line.split(|byte| *byte == 0 || *byte == b' ').next().unwrap_or_default();
        let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        matches!(name, b"k3s" | b"k3s-server" | b"k3s-agent")
    }

    /// Names of its flags without the leading dashes, in order.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The value of a flag, where it is given and not empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &str) -> Option<KubeletCommand> {
        KubeletCommand::of(words.replace(' ', "\0").as_bytes())
    }

    #[test]
    fn flags_are_read_in_both_spellings() {
        let kubelet =
            command("/usr/bin/kubelet --config=/etc/k.yaml --v 2 --rotate-certificates --node-ip=  ").unwrap();
        assert_eq!(kubelet.names(), ["config", "node-ip", "rotate-certificates", "v"]);
        assert_eq!(kubelet.value("config"), Some("/etc/k.yaml"));
        assert_eq!(kubelet.value("v"), Some("2"));
        assert_eq!(kubelet.value("rotate-certificates"), None);
        assert_eq!(kubelet.value("node-ip"), None);
    }

    #[test]
    fn k3s_is_a_kubelet_too() {
        for (line, inside) in [
            ("/usr/local/bin/k3s server", true),
            ("/usr/local/bin/k3s\0agent\0--token=hunter2", true),
            ("k3s-server", true),
            ("/usr/bin/kubelet\0--config=x", false),
            ("k3s-killall.sh", false),
            ("", false),
        ] {
            assert_eq!(KubeletCommand::is_inside_of(line.as_bytes()), inside, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_command_line_is_too_odd(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            let _ = KubeletCommand::is_inside_of(&line);
            let line = [b"kubelet\0".as_slice(), &line].concat();
            let kubelet = KubeletCommand::of(&line).unwrap();
            proptest::prop_assert!(kubelet.names().iter().all(|name| !name.is_empty() || line.windows(3).any(|at| at == b"--=")));
        }
    }

    #[test]
    fn other_programs_are_none() {
        for words in ["", "/usr/bin/kubelet-exporter --config=x", "grep kubelet", "/bin/sh -c kubelet"] {
            assert!(command(words).is_none(), "{words}");
        }
        assert!(command("kubelet").unwrap().names().is_empty());
    }
}
