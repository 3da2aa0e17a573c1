# SPDX-License-Identifier: GPL-2.0
"""
The operations of torture.py: those of each actor, one after the other, and the flows
that traffic checks meanwhile.
"""
from torture_tools import BPF_FS, CLAIMED, CPUS, DEVICES, ETHTOOL

FLOWS = (
    ("tcp", "198.18.0.1"), ("tcp", "2001:db8:9:1::1"), ("tcp", "192.0.2.5"),
    ("tcp", "2001:db8:1::5"), ("tcp", "198.51.100.5"), ("sctp", "198.18.2.1"),
    ("sctp", "192.0.2.5"), ("udp", "198.18.0.1"), ("udp", "2001:db8:9:3::1"),
    ("udp", "192.0.2.5"), ("ping", "198.18.1.1"), ("ping", "2001:db8:9:0::1"),
    ("ping", "198.51.100.6"), ("mcast", "t0,r0"), ("mcast", "t1,r1"),
)

# An actor yields (kind, tool, text, and the longest pause before it, in ms). The
# generator draws the same values whether the last operation was refused or not.


def some(rng, weighted):
    """Return one of {value: weight}."""
    return rng.choices(list(weighted), list(weighted.values()))[0]


def deck(rng, values):
    """Yield all values in random order, again and again, so that none is missing for
    long."""
    while True:
        yield from rng.sample(values, len(values))


def add_device(rng, n, pause):
    option = rng.choice(("", "", "", "direct off", "isolate on", f"claim {rng.choice(CLAIMED)}"))
    mtu = rng.choice(("", "", f" mtu {rng.randrange(1280, 65537)}"))
    kind = f"device add {option.split()[0]}" if option else "device add"
    yield kind, "ip", f"link add t{n}{mtu} type lbx {option}", pause
    yield "address add", "ip", f"addr add 198.18.{n}.1/24 dev @{n}", 0
    yield "address add IPv6", "ip", f"addr add 2001:db8:9:{n}::1/64 dev @{n}", 0
    yield "device up", "ip", f"link set @{n} up", 0


def devices(rng):
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"add": 16, "del": 4, "group": 1, "many": 1})
        if what == "add":
            yield from add_device(rng, n, 500)
        elif what == "del":
            yield "device del", "ip", f"link del @{n}", 1000
        elif what == "group":
            for m in rng.sample(range(DEVICES), 2):
                yield "device group", "ip", f"link set @{m} group 77", 0
            yield "device del group", "ip", "link del group 77", 1500
        else:
            for m in range(4):
                yield "device add", "ip", f"link add x{m} group 77 type lbx", 0


def changes(rng):
    sysctls = deck(rng, (
        ("ipv4/conf/%/rp_filter", (0, 0, 2)), ("ipv4/conf/%/accept_local", (0, 1)),
        ("ipv4/conf/%/route_localnet", (0, 1)), ("ipv6/conf/%/disable_ipv6", (0, 0, 1)),
        ("ipv6/conf/%/keep_addr_on_down", (1, 0)), ("ipv6/conf/lo/disable_ipv6", (0, 0, 1)),
        ("ipv4/tcp_timestamps", (0, 1)), ("ipv4/ip_early_demux", (0, 1)),
        ("ipv4/tcp_autocorking", (0, 1))))
    options = deck(rng, (
        ("mtu", (65536, 65536, 1500, 1280, 9000, 576, 68)), ("mtu", range(1280, 65536)),
        ("address", [f"02:00:00:00:00:{n:02x}" for n in range(256)]),
        ("txqueuelen", (0, 10, 1000)), ("gso_max_size", (65536, 10000, 100000)),
        ("gso_max_segs", (65535, 2)), ("promisc", ("on", "off")),
        ("allmulticast", ("on", "off")), ("multicast", ("on", "off", "on")),
        ("addrgenmode", ("none", "eui64")), ("alias", ("a", "b")), ("arp", ("on", "off")),
        ("type lbx direct", ("on", "off")), ("type lbx isolate", ("on", "off", "off"))))
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"down": 4, "rename": 3, "address": 3, "set": 16, "nic": 2, "sysctl": 6})
        if what == "down":
            yield "device down", "ip", f"link set @{n} down", 600
            yield "device up", "ip", f"link set @{n} up", rng.choice((0, 0, 1000))
        elif what == "rename":
            if rng.randrange(2):
                yield "device down", "ip", f"link set @{n} down", 100
            yield "device rename", "ip", f"link set @{n} name r{n}", 300
            yield "device rename back", "ip", f"link set @{n} name t{n}", 600
            yield "device up", "ip", f"link set @{n} up", 0
        elif what == "address":
            for addr in (f"198.18.{n}.{rng.choice((1, 2, 3))}/24",
                         f"2001:db8:9:{n}::{rng.choice((1, 2, 3))}/64"):
                v6 = " IPv6" if ":" in addr else ""
                yield f"address del{v6}", "ip", f"addr del {addr} dev @{n}", 300
                yield f"address add{v6}", "ip", f"addr add {addr} dev @{n}", 300
            if not rng.randrange(4):
                yield "address flush", "ip", f"addr flush dev @{n}", 0
                yield "address add", "ip", f"addr add 198.18.{n}.1/24 dev @{n}", 100
                yield "address add IPv6", "ip", f"addr add 2001:db8:9:{n}::1/64 dev @{n}", 0
            yield "route replace", "ip6", f"route replace local 2001:db8:a:{n}::/64 dev @{n}", 0
            yield "neighbour replace", "ip", \
                f"neigh replace 198.18.{n}.9 lladdr 02:00:00:00:00:09 dev @{n}", 0
            yield "neighbour flush", "ip", f"neigh flush dev @{n}", 0
        elif what == "nic":
            yield "nic rename", "ip", "link set eth0 name eth9", 100
            yield "nic rename back", "ip", "link set eth9 name eth0", 500
            yield "nic address del", "ip", "addr del 192.0.2.7/24 dev eth0", 100
            yield "nic address add", "ip", "addr add 192.0.2.7/24 dev eth0", 100
        elif what == "sysctl":
            key, values = next(sysctls)
            key = key.replace("%", f"%{n}")
            kind = f"sysctl {key.split('/')[-1]}"
            yield kind, "write", f"/proc/sys/net/{key} {rng.choice(values)}", 200
            yield kind, "write", f"/proc/sys/net/{key} {values[0]}", 1000
        else:
            option, values = next(options)
            value = rng.choice(values)
            yield f"set {option.split()[-1]}", "ip", f"link set @{n} {option} {value}", 400
            if option == "mtu" and value < 1280:
                yield "set mtu", "ip", f"link set @{n} mtu 65536", 500
                yield "address add IPv6", "ip", f"addr add 2001:db8:9:{n}::1/64 dev @{n}", 0


def claims(rng):
    while True:
        n = rng.randrange(DEVICES)
        target = rng.choice(CLAIMED)
        what = some(rng, {"claim": 8, "unclaim": 4, "move": 2, "tool": 1, "restore": 1})
        if what == "move":
            m = (n + 1) % DEVICES
            yield "claim remove", "ip", f"link set @{n} type lbx unclaim {target}", 300
            yield "claim", "ip", f"link set @{m} type lbx claim {target}", 0
        elif what == "tool":
            yield "claim by the tool", "command", f"lbx claim {target} dev %{n}", 500
            yield "claims listed by the tool", "command", "lbx -j claims", 0
            yield "claim remove by the tool", "command", "lbx unclaim all", 500
        elif what == "restore":
            yield "devices listed by the tool", "command", "lbx -j show", 500
        else:
            kind = "claim" if what == "claim" else "claim remove"
            yield kind, "ip", f"link set @{n} type lbx {what} {target}", 600


def queues(rng):
    qdiscs = (
        "noqueue", "pfifo limit 50", "pfifo_fast", "fq", "fq_codel limit 500", "sfq perturb 1",
        "prio", "tbf rate 200mbit burst 128k latency 20ms", "netem delay 1ms 1ms",
        "netem loss 2% duplicate 1% corrupt 1%", "netem delay 2ms reorder 20% limit 200",
        "netem rate 100mbit", "htb default 1")
    roots, inner = deck(rng, qdiscs), deck(rng, qdiscs[1:5])
    matches = deck(rng, (
        "protocol all {} matchall", "protocol ip {} u32 match ip protocol 17 0xff",
        "protocol ip {} flower ip_proto tcp", "protocol ipv6 {} flower ip_proto icmpv6",
        "protocol all {} bpf"))
    actions = deck(rng, (
        "gact ok", "gact pipe", "gact pass", "drop", "mirred egress mirror dev {}",
        "mirred egress redirect dev {}", "police rate 100mbit burst 100k conform-exceed drop/ok",
        "skbedit mark 7", "csum ip and tcp and udp"))
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"root": 7, "del": 3, "filter": 5})
        if what == "root":
            qdisc = next(roots)
            kind = qdisc.split()[0]
            # a qdisc cannot be replaced by one of another kind with the same handle
            major = 1 + qdiscs.index(qdisc)
            yield f"qdisc {kind}", "tc", f"qdisc replace dev @{n} root handle {major}: {qdisc}", 600
            if kind == "htb":
                yield "class htb", "tc", f"class add dev @{n} parent {major}: " \
                    f"classid {major}:1 htb rate 300mbit burst 100k", 0
                yield "qdisc of a class", "tc", \
                    f"qdisc add dev @{n} parent {major}:1 handle 20: {next(inner)}", 0
                yield "filter u32 of a qdisc", "tc", \
                    f"filter add dev @{n} parent {major}: protocol ip prio 1 " \
                    f"u32 match ip dport 7 0xffff flowid {major}:1", 0
            if kind == "prio":
                yield "qdisc of a class", "tc", \
                    f"qdisc add dev @{n} parent {major}:2 handle 30: sfq", 0
        elif what == "del":
            yield "qdisc del", "tc", f"qdisc del dev @{n} root", 300
        else:
            yield "qdisc clsact", "tc", f"qdisc replace dev @{n} clsact", 200
            for _ in range(rng.randrange(1, 5)):
                hook = rng.choice(("ingress", "egress"))
                match = next(matches)
                kind = match.split()[3]
                if kind == "bpf":
                    program = rng.choice(("pass", "some"))
                    action = f"direct-action object-pinned {BPF_FS}/cls_{program}"
                else:
                    # redirected from the ingress of a device, a packet would loop
                    to = "sink" if hook == "ingress" or n == DEVICES - 1 else \
                        f"@{rng.randrange(n + 1, DEVICES)}"
                    action = "action " + next(actions).format(to)
                name = action.split()[1] if kind != "bpf" else "bpf"
                prio = rng.randrange(1, 6)
                yield f"filter {kind}", "tc", f"filter add dev @{n} {hook} " \
                    f"{match.format(f'prio {prio}')} {action}", 50
                # another filter, or the same again, which flower and matchall refuse
                prio += rng.choice((0, 5, 5, 5))
                yield f"action {name}", "tc", f"filter replace dev @{n} {hook} " \
                    f"{match.format(f'prio {prio}')} {action}", 50
            hook = rng.choice(("ingress", "egress"))
            yield "filter del", "tc", f"filter del dev @{n} {hook}", 1000
            if rng.randrange(2):
                yield "qdisc clsact del", "tc", f"qdisc del dev @{n} clsact", 300


def rules(rng):
    while True:
        n = rng.randrange(DEVICES)
        what = some(rng, {"inet": 3, "netdev": 5, "del": 2})
        if what == "inet":
            hook = rng.choice(("input", "output", "postrouting", "prerouting"))
            way = "iifname" if hook in ("input", "prerouting") else "oifname"
            rule = rng.choice((
                f'{way} "t{n}" counter', f'{way} "t{n}" numgen random mod 50 == 0 drop',
                "ct state invalid counter",
                f'{way} "t{n}" meta length > 30000 limit rate 5/second counter',
                "tcp dport 9 reject with tcp reset", "udp dport 9 reject"
                if hook in ("input", "output") else "counter"))
            yield f"nft {hook}", "nft", \
                f"add table inet torture; add chain inet torture {hook} " \
                f"{{ type filter hook {hook} priority 0; }}; " \
                f"add rule inet torture {hook} {rule}", 500
        elif what == "netdev":
            hook = rng.choice(("ingress", "egress"))
            rule = rng.choice(("counter", "numgen random mod 50 == 0 drop", 'dup to "sink"',
                               "ip protocol icmp counter", "meta mark set 3"))
            yield f"nft netdev {hook}", "nft", \
                f"add table netdev d{n}; add chain netdev d{n} {hook} " \
                f'{{ type filter hook {hook} device "%{n}" priority {rng.randrange(3)}; }}; ' \
                f"add rule netdev d{n} {hook} {rule}", 300
            yield "nft netdev delete", "nft", f"delete table netdev d{n}", 1000
        else:
            yield "nft delete", "nft", "delete table inet torture", 500


def xdp(rng):
    while True:
        n = rng.randrange(DEVICES)
        program = rng.choice(("pass", "some"))
        yield f"xdp {program}", "ip", f"link set @{n} xdpgeneric pinned {BPF_FS}/xdp_{program}", 800
        if rng.randrange(4):
            yield "xdp off", "ip", f"link set @{n} xdpgeneric off", 1500


def captures(rng):
    kinds = deck(rng, ("raw", "raw", "raw", "ring", "ring", "ring", "stamps", "stamps", "tcpdump"))
    while True:
        n = rng.choice([*range(DEVICES), "any"])
        kind = next(kinds)
        yield f"capture {kind}", "capture", f"{n} {kind} {rng.randrange(50, 2000)}", 500


def offloads(rng):
    features = deck(rng, list(ETHTOOL))
    while True:
        n = rng.randrange(DEVICES)
        feature = next(features)
        yield f"ethtool {feature}", "ethtool", f"%{n} {feature} {rng.choice((0, 1, 1))}", 500
        if not rng.randrange(4):
            for feature in ETHTOOL:
                yield f"ethtool {feature}", "ethtool", f"%{n} {feature} 1", 0
        if not rng.randrange(8):
            path = f"/sys/class/net/%{n}/queues/rx-0/rps_cpus"
            yield "rps", "write", f"{path} {rng.choice('0013')}", 100
            yield "rps", "write", f"{path} 0", 1000


def cpus(rng):
    while True:
        n = rng.randrange(1, CPUS)
        path = f"/sys/devices/system/cpu/cpu{n}/online"
        yield "cpu offline", "write", f"{path} 0", 30000
        yield "cpu online", "write", f"{path} 1", 5000


def modules(rng):
    while True:
        yield "module unload", "module", "unload", 80000
        yield "module load", "module", f"load {rng.randrange(4)}", 500
        for n in range(DEVICES):
            yield from add_device(rng, n, 0)


def injections(rng):
    kinds = deck(rng, ("ipv4", "ipv6", "arp", "unknown", "truncated", "vnet", "fragments"))
    while True:
        n = rng.randrange(DEVICES)
        kind = next(kinds)
        count, seed = rng.randrange(1, 60), rng.randrange(1 << 32)
        yield f"inject {kind}", "inject", f"{n} {kind} {count} {seed}", 500


def namespaces(rng):
    while True:
        n = rng.randrange(3)
        yield "netns add", "ip", f"netns add torture-{n}", 2000
        yield "netns device add", "ip", f"link add n0 netns torture-{n} type lbx", 0
        if rng.randrange(3):
            yield "netns traffic", "netns_traffic", f"torture-{n}", 100
        yield "netns del", "ip", f"netns del torture-{n}", 300


def probes(rng):
    while True:
        yield "probe of a new device", "probe", rng.choice(("", "direct off", "isolate on")), 6000


def remotes(rng):
    while True:
        text = f"{rng.randrange(DEVICES)} {rng.randrange(1, 20)}"
        yield "packets of another machine", "remote", text, 400


def readers(rng):
    while True:
        n = rng.randrange(DEVICES)
        yield "link show", "ip", "link show", 2000
        yield "address show", "ip", "addr show", 0
        yield "route show", rng.choice(("ip", "ip6")), "route show table all", 0
        yield "neighbour show", "ip", "neigh show", 0
        yield "rule of a device", "ip", f"route get 198.18.{n}.1", 0
        yield "qdisc show", "tc", "qdisc show", 0
        yield "filter show", "tc", f"filter show dev @{n} egress", 0
        if not rng.randrange(8):
            yield "ethtool statistics", "command", f"ethtool -S %{n}", 500
            port = 5000 + 10 * rng.randrange(len(FLOWS))
            yield "sockets killed", "command", f"ss -HK sport = :{port}", 0


ACTORS = {
    "devices": devices, "changes": changes, "claims": claims, "queues": queues, "rules": rules,
    "xdp": xdp, "captures": captures, "offloads": offloads, "cpus": cpus, "modules": modules,
    "injections": injections, "namespaces": namespaces, "probes": probes, "remotes": remotes,
    "readers": readers,
}

# Operations that are done even after the end, because they undo the one before
UNDO = ("module load", "cpu online")
