//! Is a newer kernel installed than the one that runs.
//!
//! `/run/reboot-required` is written by packages that many machines do not have, so that its absence proves nothing; that the
//! running kernel is the newest one of its flavour does.

/// The newest of the installed kernels that is newer than the running one, among those of its flavour: `6.1.0-26-rt-amd64` is
/// no successor of `6.1.0-25-amd64`.
pub fn newest_kernel<'k>(running: &str, installed: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (flavour, numbers) = taken_apart(running);
    let alike = installed.into_iter().filter(|release| taken_apart(release).0 == flavour);
    alike.filter(|release| taken_apart(release).1 > numbers).max_by_key(|release| taken_apart(release).1)
}

/// Words and numbers of a release, each in their order.
fn taken_apart(release: &str) -> (String, Vec<u64>) {
    let flavour = release.chars().filter(char::is_ascii_alphabetic).collect();
    let numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    (flavour, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_compared_within_their_flavour() {
        for (running, installed, newer) in [
            ("6.1.0-25-amd64", vec!["6.1.0-25-amd64"], None),
            ("6.1.0-25-amd64", vec!["6.1.0-9-amd64", "6.1.0-26-amd64"], Some("6.1.0-26-amd64")),
            ("6.1.0-25-amd64", vec!["6.1.0-26-rt-amd64", "6.1.0-27-cloud-amd64"], None),
            ("6.8.12-4-pve", vec!["6.8.12-10-pve", "6.8.12-9-pve"], Some("6.8.12-10-pve")),
            (
                "5.14.0-427.13.1.el9_4.x86_64",
                vec!["5.14.0-503.11.1.el9_5.x86_64"],
                Some("5.14.0-503.11.1.el9_5.x86_64"),
            ),
            ("6.9.1-arch1-1", vec!["6.10-arch1-1"], Some("6.10-arch1-1")),
            ("6.12.48+deb13-amd64", vec!["6.12.43+deb13-amd64"], None),
            ("", vec![], None),
        ] {
            assert_eq!(newest_kernel(running, installed.iter().copied()), newer, "{running} beside {installed:?}");
        }
    }
}
