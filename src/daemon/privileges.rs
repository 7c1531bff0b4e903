//! `-user`, `-group`, `-chroot` (spec/operations.md 2).

use super::fatal::Fatal;
use nix::unistd::{chdir, chroot, geteuid, setgid, setgroups, setuid, Gid, Group, Uid, User};
use std::path::Path;

/// Whom to become once the sockets are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub uid: Option<Uid>,
    pub gid: Option<Gid>,
}

/// Looks the names up; with a user only, its own group is taken.
pub fn look_up(user: Option<&str>, group: Option<&str>) -> Result<Identity, Fatal> {
    let mut identity = Identity::default();
    if let Some(name) = user {
        if !geteuid().is_root() {
            return Err(Fatal::new("you must be root to set user"));
        }
        let user = User::from_name(name).ok().flatten().ok_or_else(|| Fatal::new(format!("no such user: {name}")))?;
        identity.uid = Some(user.uid);
        identity.gid = Some(user.gid);
    }
    if let Some(name) = group {
        if !geteuid().is_root() {
            return Err(Fatal::new("you must be root to set group"));
        }
        let group =
            Group::from_name(name).ok().flatten().ok_or_else(|| Fatal::new(format!("no such group: {name}")))?;
        identity.gid = Some(group.gid);
    }
    Ok(identity)
}

/// Changes the root directory.
pub fn change_root(directory: &Path) -> Result<(), Fatal> {
    if !geteuid().is_root() {
        return Err(Fatal::new("you must be root to use chroot"));
    }
    chroot(directory).map_err(|error| Fatal::new(format!("chroot(\"{}\"): {}", directory.display(), error.desc())))?;
    chdir("/").map_err(|error| Fatal::new(format!("chdir(\"/\"): {}", error.desc())))
}

/// Gives the privileges up.
pub fn drop_to(identity: Identity) -> Result<(), Fatal> {
    if let Some(gid) = identity.gid {
        setgroups(&[]).map_err(|error| Fatal::new(format!("setgroups: {}", error.desc())))?;
        setgid(gid).map_err(|error| Fatal::new(format!("setgid({gid}): {}", error.desc())))?;
    }
    if let Some(uid) = identity.uid {
        setuid(uid).map_err(|error| Fatal::new(format!("setuid({uid}): {}", error.desc())))?;
    }
    Ok(())
}
