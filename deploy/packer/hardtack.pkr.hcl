# A machine image with a site in it: Debian, and the package that scripts/debian-package built.
#
#   packer init deploy/packer && packer build -var package=target/debian/hardtack.deb deploy/packer
#
# The image holds no secret and no certificate. deploy/ec2.yaml starts instances of it.

variable "package" {
  type        = string
  description = "The Debian package of the site"
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

source "amazon-ebs" "site" {
  ami_name      = "hardtack-{{timestamp}}"
  region        = var.region
  instance_type = var.instance_type
  ssh_username  = "admin"

  source_ami_filter {
    owners      = ["136693071363"] # Debian
    most_recent = true
    filters = {
      name                = "debian-13-amd64-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_size           = 8
    volume_type           = "gp3"
    throughput            = 125
    iops                  = 3000
    encrypted             = true
    delete_on_termination = true
  }
}

build {
  sources = ["source.amazon-ebs.site"]

  provisioner "file" {
    source      = var.package
    destination = "/tmp/hardtack.deb"
  }

  # The instance's user data, in deploy/ec2.yaml, says how it is configured, and starts it.
  provisioner "shell" {
    inline = [
      "set -e",
      "cloud-init status --wait >/dev/null || true",
      "sudo apt-get update -qq",
      "sudo DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends awscli curl /tmp/hardtack.deb",
      "sudo systemctl disable --now hardtack.service hardtack.socket",
      "sudo rm -rf /tmp/hardtack.deb /var/lib/apt/lists/*",
      "hardtack --version",
    ]
  }
}
