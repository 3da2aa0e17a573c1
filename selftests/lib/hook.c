// SPDX-License-Identifier: GPL-2.0
/*
 * hook DEV xdp|tcx pass|drop|tx COMMAND [ARG...]: run COMMAND while a BPF program is
 * attached to DEV, as generic XDP or as tcx at egress
 *
 * The program passes, drops or sends each packet. tx is for XDP, and sends a packet
 * back once: it marks the packet in the source link-layer address, and passes marked
 * packets. hook prints how often the program ran. The exit status is that of COMMAND,
 * whose stdout is stderr, or 4 if the kernel lacks such a hook.
 */
#include <err.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* missing in the header of 6.1 */
#define TCX_EGRESS	47
#define TCX_PASSES	0
#define TCX_DROPS	2

#define MARK		0x5a
/* the last byte of the source in an Ethernet header */
#define MARK_OFF	11

#define INSN(CODE, DST, SRC, OFF, IMM)					\
	((struct bpf_insn) { .code = (CODE), .dst_reg = (DST),		\
			     .src_reg = (SRC), .off = (OFF), .imm = (IMM) })
#define MOV_REG(dst, src)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOV_IMM(dst, imm)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD_IMM(dst, imm)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define LOAD(sz, dst, src, off)	INSN(BPF_LDX | BPF_MEM | (sz), dst, src, off, 0)
#define STORE_IMM(sz, dst, off, imm) INSN(BPF_ST | BPF_MEM | (sz), dst, 0, off, imm)
#define ADD_TO(dst, src)	INSN(BPF_STX | BPF_ATOMIC | BPF_DW, dst, src, 0, BPF_ADD)
#define JUMP(op, dst, src, imm, off) INSN(BPF_JMP | (op), dst, src, off, imm)
#define CALL(func)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, func)
#define EXIT()			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int new_counter(void)
{
	union bpf_attr attr = {
		.map_type	= BPF_MAP_TYPE_ARRAY,
		.key_size	= sizeof(__u32),
		.value_size	= sizeof(__u64),
		.max_entries	= 1,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		err(2, "BPF_MAP_CREATE");
	return fd;
}

static __u64 read_counter(int map)
{
	__u64 value = 0;
	__u32 key = 0;
	union bpf_attr attr = {
		.map_fd	= map,
		.key	= (unsigned long)&key,
		.value	= (unsigned long)&value,
	};

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		err(2, "BPF_MAP_LOOKUP_ELEM");
	return value;
}

/* TAIL comes after the counting, and has the context in r6 */
static int load(int type, int map, const struct bpf_insn *tail, size_t size)
{
	const struct bpf_insn count[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		STORE_IMM(BPF_W, BPF_REG_10, -4, 0),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -4),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		CALL(BPF_FUNC_map_lookup_elem),
		JUMP(BPF_JEQ | BPF_K, BPF_REG_0, 0, 0, 2),
		MOV_IMM(BPF_REG_1, 1),
		ADD_TO(BPF_REG_0, BPF_REG_1),
	};
	struct bpf_insn insns[64];
	static char log[65536];
	union bpf_attr attr = {
		.prog_type	= type,
		.insns		= (unsigned long)insns,
		.insn_cnt	= (sizeof(count) + size) / sizeof(insns[0]),
		.license	= (unsigned long)"GPL",
		.log_buf	= (unsigned long)log,
		.log_size	= sizeof(log),
		.log_level	= 1,
	};
	int fd;

	memcpy(insns, count, sizeof(count));
	memcpy((char *)insns + sizeof(count), tail, size);
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		err(2, "BPF_PROG_LOAD: %s", log);
	return fd;
}

static int load_verdict(int type, int map, int verdict)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_0, verdict),
		EXIT(),
	};

	return load(type, map, insns, sizeof(insns));
}

static int load_tx(int map)
{
	const struct bpf_insn insns[] = {
		/* data and data_end of struct xdp_md */
		LOAD(BPF_W, BPF_REG_2, BPF_REG_6, 0),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_6, 4),
		MOV_IMM(BPF_REG_0, XDP_PASS),
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, MARK_OFF + 1),
		JUMP(BPF_JGT | BPF_X, BPF_REG_4, BPF_REG_3, 0, 4),
		LOAD(BPF_B, BPF_REG_5, BPF_REG_2, MARK_OFF),
		JUMP(BPF_JEQ | BPF_K, BPF_REG_5, 0, MARK, 2),
		STORE_IMM(BPF_B, BPF_REG_2, MARK_OFF, MARK),
		MOV_IMM(BPF_REG_0, XDP_TX),
		EXIT(),
	};

	return load(BPF_PROG_TYPE_XDP, map, insns, sizeof(insns));
}

/* Attach the program for as long as the link is open */
static void attach(int prog, const char *dev, int type, int flags)
{
	union bpf_attr attr = {
		.link_create.prog_fd		= prog,
		.link_create.target_ifindex	= if_nametoindex(dev),
		.link_create.attach_type	= type,
		.link_create.flags		= flags,
	};

	if (bpf(BPF_LINK_CREATE, &attr) >= 0)
		return;
	/* an attach type that the kernel does not support */
	if (errno == EINVAL)
		exit(4);
	err(2, "BPF_LINK_CREATE");
}

int main(int argc, char **argv)
{
	int map, xdp, drop, status;
	pid_t pid;

	if (argc < 5)
		errx(2, "usage: hook DEV xdp|tcx pass|drop|tx COMMAND [ARG...]");
	xdp = !strcmp(argv[2], "xdp");
	drop = !strcmp(argv[3], "drop");
	map = new_counter();
	if (xdp && !strcmp(argv[3], "tx"))
		attach(load_tx(map), argv[1], BPF_XDP, XDP_FLAGS_SKB_MODE);
	else if (xdp)
		attach(load_verdict(BPF_PROG_TYPE_XDP, map, drop ? XDP_DROP : XDP_PASS),
		       argv[1], BPF_XDP, XDP_FLAGS_SKB_MODE);
	else
		attach(load_verdict(BPF_PROG_TYPE_SCHED_CLS, map, drop ? TCX_DROPS : TCX_PASSES),
		       argv[1], TCX_EGRESS, 0);

	pid = fork();
	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[4], argv + 4);
		err(127, "%s", argv[4]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(2, "%s", argv[4]);
	printf("%llu\n", (unsigned long long)read_counter(map));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
