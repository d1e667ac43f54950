#!/bin/sh
# Puts the program in this folder into the menu of this user, with its icon.
# `sh install.sh --remove` takes both out again. The folder itself stays where it is.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$share/applications/emgfeedback.desktop
sizes="16 24 32 48 64 128 256 512"

refresh() {
    command -v update-desktop-database >/dev/null 2>&1 && update-desktop-database -q "$share/applications" || true
    command -v gtk-update-icon-cache >/dev/null 2>&1 && gtk-update-icon-cache -q -t "$share/icons/hicolor" || true
}

if [ "${1:-}" = --remove ]; then
    rm -f -- "$entry" "$share/icons/hicolor/scalable/apps/emgfeedback.svg"
    for size in $sizes; do rm -f -- "$share/icons/hicolor/${size}x$size/apps/emgfeedback.png"; done
    refresh
    echo "emgfeedback is out of the menu; delete the folder $here if you do not need it any more"
    exit 0
fi

# A menu entry gives these signs a meaning of their own.
case $here in
*[\"\`\$\\\|\&%]*)
    echo "the folder $here has one of \" \` \$ \\ | & % in its name: move it to a plainer place" >&2
    exit 1
    ;;
esac
mkdir -p "$share/applications" "$share/icons/hicolor/scalable/apps"
sed "s|^Exec=.*|Exec=\"$here/emgfeedback\"|" "$here/share/emgfeedback.desktop" >"$entry"
cp -- "$here/share/emgfeedback.svg" "$share/icons/hicolor/scalable/apps/emgfeedback.svg"
for size in $sizes; do
    mkdir -p "$share/icons/hicolor/${size}x$size/apps"
    cp -- "$here/share/emgfeedback-$size.png" "$share/icons/hicolor/${size}x$size/apps/emgfeedback.png"
done
refresh
echo "emgfeedback is in the menu; keep the folder $here where it is, or run this again after moving it"
