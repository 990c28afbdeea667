# Which libraries the programs run with, and which drivers they see. Sourced by run.
#
# A driver is loaded into our process, so that one C library serves both. A newer one takes what was linked to an older one, and
# never the other way round: the machine's is used wherever it takes our programs, since its drivers may need all of it. Where
# it is too old, or there is none, the bundle's takes our programs and the drivers. Likewise for C++.

# Where drivers lie that no .icd file and no configuration of the loader names: containers have their machine's there.
driver_folders=${LD_LIBRARY_PATH:-}:/usr/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:/usr/lib64:/lib64:/usr/lib
driver_folders=$driver_folders:/usr/local/nvidia/lib64:/usr/local/nvidia/lib:/usr/local/cuda/compat:/usr/lib/wsl/lib
driver_folders=$driver_folders:/run/opengl-driver/lib:/opt/rocm/lib:/opt/rocm/opencl/lib:/opt/amdgpu-pro/lib/x86_64-linux-gnu
driver_folders=$driver_folders:/usr/lib/x86_64-linux-gnu/intel-opencl:/usr/lib64/intel-opencl
drivers='libnvidia-opencl.so.1 libamdocl64.so libigdrcl.so'

folder_of() { # folder_of LIBRARY: the first of these folders that has it
    IFS=:
    for folder in $driver_folders; do
        [ -z "$folder" ] || [ ! -e "$folder/$1" ] || break
        folder=
    done
    unset IFS
    [ -n "$folder" ] && echo "$folder"
}

# The machine's .icd files, and one for each driver that none of them names: all in a folder of our own.
see_drivers() {
    vendors=$work/vendors driver_path=${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    machines=${OCL_ICD_VENDORS:-/etc/OpenCL/vendors}
    rm -rf "$vendors"
    mkdir "$vendors"
    for icd in "$machines" "$machines"/*.icd; do
        [ ! -f "$icd" ] || cp "$icd" "$vendors/"
    done
    for driver in $drivers; do
        folder=$(folder_of "$driver") || continue
        driver_path=$driver_path:$folder
        grep -qs "${driver%%.*}" "$vendors"/*.icd || echo "$folder/$driver" >"$vendors/$driver.icd"
    done
    export OCL_ICD_VENDORS="$vendors"
}

starts_with() { # starts_with LOADER FOLDERS
    export BUNDLE_LOADER="$1" BUNDLE_LIBRARIES="$2$driver_path"
    sh "$parts/launch" "$here/bin/vae-cl" --version >"$work/version" 2>"$work/why"
}

choose_libraries() {
    see_drivers
    lib=$here/lib
    if starts_with '' "$lib"; then
        libraries="the machine's C and C++"
    elif starts_with '' "$lib:$lib/cxx"; then
        libraries="the machine's C and the bundle's C++"
    elif starts_with "$lib/glibc/ld-linux-x86-64.so.2" "$lib:$lib/cxx:$lib/glibc"; then
        libraries="the bundle's C and C++"
    else
        cat "$work/why" >&2
        return 1
    fi
}
