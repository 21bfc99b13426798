"""A Slurm cluster of one node on loopback, in a folder of its own: munged, slurmctld and slurmd, all of them Debian's."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "srun", "scancel", "sinfo"]

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
FirstJobId={first_job}
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes={host} Default=YES State=UP
"""


def why_not():
    """What is missing here, or None."""
    path = os.environ["PATH"] + ":/usr/sbin"
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if missing:
        return f"no Slurm here: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "slurmd wants to be root"
    if (os.cpu_count() or 1) < 2:
        return "a node of two processors is wanted"
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """Runs until stop(); `environment` leads Slurm's commands to it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.children = []
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        configuration = self.folder / "slurm.conf"
        configuration.write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], folder=self.folder, controller=free_port(), daemon=free_port(),
            first_job=os.getpid() % 1000 + 1))  # what the port of rank 0 follows from
        self.environment = {**os.environ, "SLURM_CONF": str(configuration),
                            "PATH": os.environ["PATH"] + ":/usr/sbin"}

    def start(self):
        self.run_on("munged", "--force", "--foreground", f"--key-file={self.folder}/munge.key",
                    f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid",
                    f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munged.seed")
        self.wait_for("munge's socket", (self.folder / "munge.socket").exists)
        self.run_on("slurmctld", "-D", "-c", "-L", str(self.folder / "slurmctld.log"))
        self.run_on("slurmd", "-D", "-c", "-L", str(self.folder / "slurmd.log"))
        self.wait_for("an idle node", lambda: self.command("sinfo", "-h", "-o", "%T").stdout.strip() == "idle")

    def run_on(self, *command):
        with (self.folder / f"{command[0]}.log").open("a") as output:
            self.children.append(subprocess.Popen(command, env=self.environment, stdout=output, stderr=output))

    def command(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)

    def wait_for(self, what, is_there, seconds=60):
        until = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > until:
                logs = [path.read_text(errors="replace")[-2000:] for path in sorted(self.folder.glob("*.log"))]
                raise RuntimeError(f"Slurm gave no {what}:\n" + "\n".join(logs))
            time.sleep(0.1)

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
