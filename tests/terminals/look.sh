#!/usr/bin/env bash
# Takes pictures of the app in real terminals, on a display in memory: to be looked at by a person.
#
#   tests/terminals/look.sh PROGRAM FOLDER [TERMINAL...]
#
# PROGRAM is a built sis, FOLDER is where the pictures go. Terminals: xterm, xterm-light, kitty, foot, tmux; without any,
# all of them. KITTY names another kitty than the one on the path. On Debian:
#   apt-get install --no-install-recommends xvfb weston xterm kitty foot tmux imagemagick xdotool fonts-dejavu-core \
#       libgl1-mesa-dri
set -euo pipefail
program=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- xterm xterm-light kitty foot tmux
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
started=()
cleanup() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT

# A session of the samples' pictures, with the program's own files apart from the user's.
export HOME=$work/home XDG_CONFIG_HOME=$work/home/config XDG_DATA_HOME=$work/home/data XDG_STATE_HOME=$work/home/state
export XDG_CACHE_HOME=$work/home/cache XDG_RUNTIME_DIR=$work/run SIS_LANG=en LANG=C.UTF-8 SIS_RUNTIME=tract
unset TMUX TERM_PROGRAM NO_COLOR SSH_CONNECTION LC_ALL
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
"$program" classify --source "$here/../data/demo" --destination "$work/sorted" --model demo \
    --labels "a map, a page of text, a face" --threshold 0 >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
printf '#!/bin/sh\nexec "%s" review --destination "%s"\n' "$program" "$work/sorted" >"$work/app"
chmod +x "$work/app"

export DISPLAY=:${LOOK_DISPLAY:-97}
Xvfb "$DISPLAY" -screen 0 1280x800x24 -noreset >"$work/xvfb.log" 2>&1 &
started+=($!)
for _ in $(seq 100); do xdotool getdisplaygeometry >/dev/null 2>&1 && break; sleep 0.1; done

# Without a window manager, keys go to the window under the pointer.
keys() {
    xdotool mousemove 300 200
    for key in "$@"; do xdotool key "$key"; sleep 0.3; done
}
picture() { import -window root "$folder/$1.png"; }

for terminal in "$@"; do
    case $terminal in
        xterm) xterm -ti vt340 -fa 'DejaVu Sans Mono' -fs 11 -geometry 120x36+0+0 -bg black -fg white -e "$work/app" & ;;
        xterm-light) xterm -ti vt340 -fa 'DejaVu Sans Mono' -fs 11 -geometry 120x36+0+0 -bg white -fg black -e "$work/app" & ;;
        kitty) LIBGL_ALWAYS_SOFTWARE=1 "${KITTY:-kitty}" -c NONE -o initial_window_width=120c -o initial_window_height=36c \
            -o remember_window_size=no "$work/app" >"$work/kitty.log" 2>&1 & ;;
        foot)
            weston --backend=x11-backend.so --width=1200 --height=760 --shell=kiosk-shell.so --socket=look \
                >"$work/weston.log" 2>&1 &
            started+=($!)
            for _ in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/look" ] && break; sleep 0.1; done
            WAYLAND_DISPLAY=look foot -f 'DejaVu Sans Mono:size=11' "$work/app" >"$work/foot.log" 2>&1 & ;;
        tmux) xterm -ti vt340 -fa 'DejaVu Sans Mono' -fs 11 -geometry 120x36+0+0 -bg black -fg white \
            -e tmux -L look -f /dev/null new-session "$work/app" & ;;
        *) echo "no such terminal: $terminal" >&2; exit 2 ;;
    esac
    process=$!
    started+=("$process")
    sleep "${LOOK_WAIT:-4}"
    keys F4
    sleep "${LOOK_WAIT:-4}"
    picture "$terminal-auto"
    for way in sextants quadrants blocks sixel; do
        keys p
        sleep 1
        picture "$terminal-$way"
    done
    # Another picture over this one, and text over a picture.
    keys Right
    sleep 1
    picture "$terminal-next"
    keys F2
    sleep 1
    picture "$terminal-setup"
    [ "$terminal" = tmux ] && tmux -L look kill-server
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
    if [ "$terminal" = foot ]; then kill "${started[-2]}" 2>/dev/null || true; fi
    echo "$terminal: $folder/$terminal-*.png"
done
